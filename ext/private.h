/* SPDX-License-Identifier: MIT
 *
 * The extension's globals: one struct per process, per thread under ZTS. Everything that changes
 * after MINIT hangs from here.
 */
#ifndef CLAIRON_PRIVATE_H
#define CLAIRON_PRIVATE_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "php.h"
#include "compat.h"
#include "php_clairon.h"
#include "fork.h"
#include "link_table.h"
#include "stamp.h"
#include "text.h"

ZEND_BEGIN_MODULE_GLOBALS(clairon)
/* INI, see ini.c */
zend_long outbox_events;
zend_long outbox_bytes;
zend_long cli_wait_ms;
zend_long end_wait_ms;
zend_long spool_bytes;
zend_long spool_age_s;
zend_long ack_timeout_ms;
bool log_errors;

struct cln_link_table links;
struct cln_fork_guard fork_guard;
struct cln_stamp stamp;
struct cln_text text; /* literals of the calls that are under way */
int64_t logged_at_ms; /* last line in PHP's error log */
uint64_t log_muted;   /* lines held back since then */
bool waited_at_end;   /* the end of a CLI script has used up its wait */
ZEND_END_MODULE_GLOBALS(clairon)

ZEND_EXTERN_MODULE_GLOBALS(clairon)

#define CLAIRON_G(v) ZEND_MODULE_GLOBALS_ACCESSOR(clairon, v)

#if defined(ZTS) && defined(COMPILE_DL_CLAIRON)
ZEND_TSRMLS_CACHE_EXTERN()
#endif

/* Notices a fork since the last call: the child closes the parent's connections without a word
 * and forgets their outboxes, for the parent sends those. Call it before links or ids are used. */
void clairon_check_fork(void);

/* A CLI process may wait for room in an outbox; everything else serves requests. */
bool clairon_may_wait(void);

#endif
