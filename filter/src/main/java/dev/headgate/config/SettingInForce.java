package dev.headgate.config;

/**
 * One setting as a properties file has it, for those who ask what is in force.
 *
 * @param key in full, of one route, upstream or limit even where it was said of all of them; without the entry
 * @param entry what follows the key of a setting with several values, such as the name of a field; otherwise empty
 * @param value in the words of whoever gave it; what the table of settings calls a secret is {@value #MASK}
 * @param given whether somebody said so; false: it is the default
 */
public record SettingInForce(String key, String entry, String value, boolean given) {

    /** In place of secrets. */
    public static final String MASK = "***";

    public SettingInForce {
        Checks.notBlank(key, "key");
        if (entry == null || value == null) {
            throw new IllegalArgumentException("what is not given is empty, not null");
        }
    }
}
