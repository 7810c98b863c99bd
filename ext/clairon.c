/* SPDX-License-Identifier: MIT
 *
 * The module: its globals and what happens at the start and the end of processes, threads and
 * requests. Links outlive requests; a request's end only tries, without waiting, to send what is
 * left, for in FPM the response may not be out yet.
 */
#include "private.h"

#include "SAPI.h"
#include "dispatcher.h"
#include "exception.h"
#include "ext/standard/info.h"
#include "ini.h"
#include "publisher.h"
#include "report.h"
#include "stats.h"

#ifndef CLAIRON_RELAY_PATH
#define CLAIRON_RELAY_PATH "clairon-relay"
#endif

#define STRINGIFY(x) #x
#define NUMBER(x)    STRINGIFY(x)

ZEND_DECLARE_MODULE_GLOBALS(clairon)

#ifdef COMPILE_DL_CLAIRON
#ifdef ZTS
ZEND_TSRMLS_CACHE_DEFINE()
#endif
ZEND_DLEXPORT zend_module_entry *get_module(void);
ZEND_GET_MODULE(clairon)
#endif

void clairon_check_fork(void)
{
	if (EXPECTED(!cln_fork_noticed(&CLAIRON_G(fork_guard)))) {
		return;
	}
	cln_stamp_reset(&CLAIRON_G(stamp));
	cln_link_table_forked(&CLAIRON_G(links));
	for (size_t i = 0; i < CLAIRON_G(links).count; i++) {
		cln_link_forked(CLAIRON_G(links).link[i], cln_stamp_random(&CLAIRON_G(stamp)));
	}
}

bool clairon_may_wait(void)
{
	return strcmp(sapi_module.name, "cli") == 0 || strcmp(sapi_module.name, "phpdbg") == 0;
}

/* At the end of a script or process: all links share one wait. */
static void flush_at_end(zend_clairon_globals *globals)
{
	const int64_t until_ms = cln_now_ms() + globals->end_wait_ms;
	for (size_t i = 0; i < globals->links.count; i++) {
		struct cln_link *link = globals->links.link[i];
		const int64_t left_ms = globals->waited_at_end ? 0 : until_ms - cln_now_ms();
		if (!cln_link_is_settled(link)) {
			cln_link_flush(link, MAX(left_ms, 0));
		}
	}
}

/* At the end of a script: what is left goes to the spool now, while somebody can be told if that
 * fails. */
static void store_at_end(void)
{
	for (size_t i = 0; i < CLAIRON_G(links).count; i++) {
		struct cln_link *link = CLAIRON_G(links).link[i];
		cln_spooling_hurry(&link->spooling);
		cln_link_break(link, "the script ended before all was acknowledged");
		link->has_news = link->has_news || link->outbox.unsent > 0;
	}
}

static PHP_GINIT_FUNCTION(clairon)
{
#if defined(COMPILE_DL_CLAIRON) && defined(ZTS)
	ZEND_TSRMLS_CACHE_UPDATE();
#endif
	memset(clairon_globals, 0, sizeof(*clairon_globals));
}

static PHP_GSHUTDOWN_FUNCTION(clairon)
{
	if (cln_fork_noticed(&clairon_globals->fork_guard)) {
		/* A child that never published: everything here is its parent's. */
		for (size_t i = 0; i < clairon_globals->links.count; i++) {
			cln_link_forked(clairon_globals->links.link[i], 0);
		}
	}
	flush_at_end(clairon_globals);
	cln_link_table_deinit(&clairon_globals->links);
	cln_fork_deinit(&clairon_globals->fork_guard);
	cln_text_deinit(&clairon_globals->text);
}

static PHP_MINIT_FUNCTION(clairon)
{
	clairon_ini_register(module_number);
	clairon_exception_minit();
	clairon_publisher_minit();
	clairon_dispatcher_minit();
	return SUCCESS;
}

static PHP_MSHUTDOWN_FUNCTION(clairon)
{
	clairon_ini_unregister(module_number);
	return SUCCESS;
}

static PHP_RINIT_FUNCTION(clairon)
{
#if defined(COMPILE_DL_CLAIRON) && defined(ZTS)
	ZEND_TSRMLS_CACHE_UPDATE();
#endif
	CLAIRON_G(waited_at_end) = false;
	cln_text_reset(&CLAIRON_G(text));
	return SUCCESS;
}

static PHP_RSHUTDOWN_FUNCTION(clairon)
{
	if (CLAIRON_G(links).count == 0) {
		return SUCCESS;
	}
	clairon_check_fork();
	if (clairon_may_wait()) {
		flush_at_end(ZEND_MODULE_GLOBALS_BULK(clairon));
		store_at_end();
		CLAIRON_G(waited_at_end) = true;
	}
	for (size_t i = 0; i < CLAIRON_G(links).count; i++) {
		struct cln_link *link = CLAIRON_G(links).link[i];
		if (!cln_link_is_settled(link) || cln_link_has_to_look(link)) {
			cln_link_pump(link, CLN_DRAIN_NOW);
		}
		cln_outbox_trim(&link->outbox);
		clairon_report(link);
	}
	return SUCCESS;
}

static PHP_MINFO_FUNCTION(clairon)
{
	php_info_print_table_start();
	php_info_print_table_row(2, "clairon", "enabled");
	php_info_print_table_row(2, "Version", PHP_CLAIRON_VERSION);
	php_info_print_table_row(2, "Envelope version", NUMBER(CLN_ENVELOPE_VERSION));
	php_info_print_table_row(2, "Transports", "unix, tcp, redis, redis+unix");
	php_info_print_table_row(2, "Reply reader", "hiredis");
	php_info_print_table_row(2, "Relay", CLAIRON_RELAY_PATH);
	clairon_stats_info(&CLAIRON_G(links));
	php_info_print_table_end();
	DISPLAY_INI_ENTRIES();
}

/* clang-format off */
static const zend_module_dep clairon_deps[] = {
	ZEND_MOD_REQUIRED("hash")
	ZEND_MOD_REQUIRED("json")
	ZEND_MOD_END
};
/* clang-format on */

zend_module_entry clairon_module_entry = {
	STANDARD_MODULE_HEADER_EX,
	NULL,
	clairon_deps,
	"clairon",
	NULL,
	PHP_MINIT(clairon),
	PHP_MSHUTDOWN(clairon),
	PHP_RINIT(clairon),
	PHP_RSHUTDOWN(clairon),
	PHP_MINFO(clairon),
	PHP_CLAIRON_VERSION,
	PHP_MODULE_GLOBALS(clairon),
	PHP_GINIT(clairon),
	PHP_GSHUTDOWN(clairon),
	NULL,
	STANDARD_MODULE_PROPERTIES_EX,
};
