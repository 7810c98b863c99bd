/* SPDX-License-Identifier: MIT
 *
 * The class Clairon\Publisher.
 */
#ifndef CLAIRON_PUBLISHER_H
#define CLAIRON_PUBLISHER_H

/* Results of trigger(), worst first. */
#define CLAIRON_DROPPED 0
#define CLAIRON_PENDING 1
#define CLAIRON_SENT    2

void clairon_publisher_minit(void);

#endif
