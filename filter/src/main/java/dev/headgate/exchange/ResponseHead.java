package dev.headgate.exchange;

/**
 * What comes before a response's content.
 *
 * @param status 200 to 599
 */
public record ResponseHead(int status, Fields fields) {

    public ResponseHead withFields(Fields changed) {
        return new ResponseHead(status, changed);
    }
}
