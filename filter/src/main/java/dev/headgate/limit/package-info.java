/** Who is let in: sizes, rates and places. What is refused here never touches an upstream. */
package dev.headgate.limit;
