/* SPDX-License-Identifier: MIT
 *
 * The one place that holds Clairon's version. package.xml, the Composer files and the relay's
 * --version must agree with it; tests/versions.phpt compares them.
 */
#ifndef CLN_VERSION_H
#define CLN_VERSION_H

#define CLN_VERSION "0.1.0"

/* Envelope versions this build writes (the newest) and reads (N and N-1, from 1 on). */
#define CLN_ENVELOPE_VERSION     1
#define CLN_ENVELOPE_VERSION_MIN 1

#endif
