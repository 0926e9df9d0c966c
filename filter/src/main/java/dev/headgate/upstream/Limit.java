package dev.headgate.upstream;

/** The limit that a connection's deadline stands for. */
enum Limit {
    /** The name was looked up for longer than connecting may take. */
    LOOKUP,
    /** Connecting, with the TLS handshake. */
    CONNECT,
    /** The origin takes the request's content too slowly. */
    WRITE_IDLE,
    /** The client sends the request's content too slowly. */
    CLIENT_IDLE,
    /** The response head is late. */
    RESPONSE,
    /** The response's content has stopped moving. */
    READ_IDLE,
    /** The origin has said nothing to anybody for long. */
    SILENCE,
    /** The whole exchange lasts too long. */
    TOTAL
}
