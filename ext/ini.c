/* SPDX-License-Identifier: MIT
 *
 * The INI entries. Values out of range are refused, which leaves the default in force.
 */
#include "private.h"

#include "ini.h"

/* Sets a zend_long within [min, max], refuses everything else. */
static int set_within(zend_long *target, zend_string *value, zend_long min, zend_long max)
{
	zend_string *error = NULL;
	zend_long number = zend_ini_parse_quantity(value, &error);
	if (error != NULL) {
		zend_string_release(error);
		return FAILURE;
	}
	if (number < min || number > max) {
		return FAILURE;
	}
	*target = number;
	return SUCCESS;
}

static PHP_INI_MH(on_outbox_events)
{
	return set_within(&CLAIRON_G(outbox_events), new_value, 1, CLAIRON_OUTBOX_EVENTS_MAX);
}

static PHP_INI_MH(on_outbox_bytes)
{
	return set_within(
		&CLAIRON_G(outbox_bytes), new_value, CLAIRON_OUTBOX_BYTES_MIN, CLAIRON_OUTBOX_BYTES_MAX);
}

static PHP_INI_MH(on_cli_wait_ms)
{
	return set_within(&CLAIRON_G(cli_wait_ms), new_value, 0, CLAIRON_WAIT_MS_MAX);
}

static PHP_INI_MH(on_end_wait_ms)
{
	return set_within(&CLAIRON_G(end_wait_ms), new_value, 0, CLAIRON_WAIT_MS_MAX);
}

static PHP_INI_MH(on_spool_bytes)
{
	return set_within(
		&CLAIRON_G(spool_bytes), new_value, CLAIRON_SPOOL_BYTES_MIN, CLAIRON_SPOOL_BYTES_MAX);
}

static PHP_INI_MH(on_spool_age_s)
{
	return set_within(&CLAIRON_G(spool_age_s), new_value, 0, CLAIRON_SPOOL_AGE_S_MAX);
}

static PHP_INI_MH(on_ack_timeout_ms)
{
	return set_within(
		&CLAIRON_G(ack_timeout_ms), new_value, CLAIRON_ACK_TIMEOUT_MIN, CLAIRON_ACK_TIMEOUT_MAX);
}

/* clang-format off */
PHP_INI_BEGIN()
	PHP_INI_ENTRY("clairon.outbox_events", CLAIRON_OUTBOX_EVENTS_DEFAULT, PHP_INI_SYSTEM, on_outbox_events)
	PHP_INI_ENTRY("clairon.outbox_bytes", CLAIRON_OUTBOX_BYTES_DEFAULT, PHP_INI_SYSTEM, on_outbox_bytes)
	PHP_INI_ENTRY("clairon.cli_wait_ms", CLAIRON_CLI_WAIT_MS_DEFAULT, PHP_INI_ALL, on_cli_wait_ms)
	PHP_INI_ENTRY("clairon.end_wait_ms", CLAIRON_END_WAIT_MS_DEFAULT, PHP_INI_SYSTEM, on_end_wait_ms)
	PHP_INI_ENTRY("clairon.spool_bytes", CLAIRON_SPOOL_BYTES_DEFAULT, PHP_INI_SYSTEM, on_spool_bytes)
	PHP_INI_ENTRY("clairon.spool_age_s", CLAIRON_SPOOL_AGE_S_DEFAULT, PHP_INI_SYSTEM, on_spool_age_s)
	PHP_INI_ENTRY("clairon.ack_timeout_ms", CLAIRON_ACK_TIMEOUT_DEFAULT, PHP_INI_SYSTEM, on_ack_timeout_ms)
	STD_PHP_INI_BOOLEAN("clairon.log_errors", "1", PHP_INI_ALL, OnUpdateBool, log_errors,
		zend_clairon_globals, clairon_globals)
PHP_INI_END()
/* clang-format on */

void clairon_ini_register(int module_number)
{
	zend_register_ini_entries(ini_entries, module_number);
}

void clairon_ini_unregister(int module_number)
{
	zend_unregister_ini_entries(module_number);
}
