/** One request with its final response, as far as observers may know it. */
package dev.headgate.exchange;
