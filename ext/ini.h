/* SPDX-License-Identifier: MIT
 *
 * INI entries of the extension and their defaults; ini.c holds the table.
 */
#ifndef CLAIRON_INI_H
#define CLAIRON_INI_H

#define CLAIRON_OUTBOX_EVENTS_DEFAULT "1000"
#define CLAIRON_OUTBOX_BYTES_DEFAULT  "4194304"
#define CLAIRON_CLI_WAIT_MS_DEFAULT   "5000"
#define CLAIRON_END_WAIT_MS_DEFAULT   "250"
#define CLAIRON_SPOOL_BYTES_DEFAULT   "67108864"
#define CLAIRON_SPOOL_AGE_S_DEFAULT   "600"
#define CLAIRON_ACK_TIMEOUT_DEFAULT   "5000"

/* The same bounds hold for the options of Clairon\Publisher. */
#define CLAIRON_OUTBOX_EVENTS_MAX 1000000
#define CLAIRON_OUTBOX_BYTES_MIN  4096
#define CLAIRON_OUTBOX_BYTES_MAX  (256 * 1024 * 1024)
#define CLAIRON_WAIT_MS_MAX       60000
#define CLAIRON_SPOOL_BYTES_MIN   CLN_SPOOL_BYTES_MIN
#define CLAIRON_SPOOL_BYTES_MAX   ((zend_long)64 * 1024 * 1024 * 1024)
#define CLAIRON_SPOOL_AGE_S_MAX   (30 * 24 * 3600)
#define CLAIRON_ACK_TIMEOUT_MIN   10
#define CLAIRON_ACK_TIMEOUT_MAX   600000

void clairon_ini_register(int module_number);
void clairon_ini_unregister(int module_number);

#endif
