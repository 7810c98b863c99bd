/* SPDX-License-Identifier: MIT
 *
 * What clients of the HTTP fallbacks say: bodies that are JSON arrays of strings, each of them one
 * message as a WebSocket would carry it, with the same limits. What arrives while a session is
 * paused waits, and so does its answer; the client does not look at answers, so nothing that was
 * dropped would come again: more than may wait closes the session.
 */
#include "xhr_private.h"

#include "jslice.h"

#define WAITING_MAX   256          /* requests of one session */
#define WAITING_BYTES (256 * 1024) /* of their bodies */

struct xhr_waiting {
	TAILQ_ENTRY(xhr_waiting) link;
	struct http_ticket *ticket;
	size_t len;
	char bytes[]; /* what is left of the array */
};

static const char ended[] = "This session has ended; connect anew.\n";

/* --- answers --- */

static void answer(struct conn *conn, unsigned status, const char *sentence)
{
	http_respond_with(conn, status, xhr_headers, xhr_text_type, cln_slice_of(sentence));
}

static void answer_later(struct http_ticket *ticket, unsigned status, const char *sentence)
{
	http_ticket_respond(ticket, status, xhr_headers, xhr_text_type, cln_slice_of(sentence));
}

/* --- messages --- */

/* A message that is too long ends the session, as it would end a WebSocket. */
static void take_message(struct session *session, const struct jslice *value)
{
	const size_t limit = session->app->conf->message_bytes;
	const size_t cap = value->raw.len < limit ? value->raw.len : limit;
	struct buf text = {0};
	size_t len;
	buf_reserve(&text, cap);
	session->app->hub->loop->metrics.messages_in++;
	if (jslice_string(value, text.bytes, cap, &len) == CLN_OK)
		session_take(session, cln_slice(text.bytes, len));
	else
		session_close(session, XHR_TOO_BIG, CLN_SLICE("The message is too long"));
	buf_deinit(&text);
}

static bool is_empty(struct cln_slice rest)
{
	struct jslice value;
	return !jslice_next_element(&rest, &value);
}

/* Returns what has to wait for the end of a pause. */
static struct cln_slice take_messages(struct session *session, struct cln_slice rest)
{
	struct jslice value;
	while (!session->is_leaving && !session->is_paused && jslice_next_element(&rest, &value))
		take_message(session, &value);
	return session->is_paused && !is_empty(rest) ? rest : cln_slice(NULL, 0);
}

static bool are_strings(const struct jslice *array)
{
	struct cln_slice rest = array->raw;
	struct jslice value;
	while (jslice_next_element(&rest, &value)) {
		if (value.type != JSLICE_STRING)
			return false;
	}
	return true;
}

/* --- waiting --- */

static void wait(struct xhr *xhr, struct conn *conn, struct cln_slice rest)
{
	if (xhr->waiting_count >= WAITING_MAX || rest.len > WAITING_BYTES ||
		xhr->waiting_bytes > WAITING_BYTES - rest.len) {
		answer(conn, 429, "This session sends too many messages.\n");
		session_close(&xhr->session, PUSHER_OVER_CAPACITY, CLN_SLICE("You send too many messages"));
		return;
	}
	struct xhr_waiting *const waiting = xmalloc(sizeof(*waiting) + rest.len);
	waiting->ticket = http_defer(conn);
	waiting->len = rest.len;
	memcpy(waiting->bytes, rest.ptr, rest.len);
	TAILQ_INSERT_TAIL(&xhr->waiting, waiting, link);
	xhr->waiting_count++;
	xhr->waiting_bytes += rest.len;
}

static void remove_waiting(struct xhr *xhr, struct xhr_waiting *waiting)
{
	TAILQ_REMOVE(&xhr->waiting, waiting, link);
	xhr->waiting_count--;
	xhr->waiting_bytes -= waiting->len;
}

void xhr_drop_waiting(struct xhr *xhr)
{
	struct xhr_waiting *waiting;
	while ((waiting = TAILQ_FIRST(&xhr->waiting)) != NULL) {
		remove_waiting(xhr, waiting);
		answer_later(waiting->ticket, 404, ended);
		free(waiting);
	}
}

void xhr_take_waiting(struct xhr *xhr)
{
	struct session *const session = &xhr->session;
	while (!session->is_paused && !session->is_leaving && !TAILQ_EMPTY(&xhr->waiting)) {
		struct xhr_waiting *const waiting = TAILQ_FIRST(&xhr->waiting);
		remove_waiting(xhr, waiting);
		const struct cln_slice rest =
			take_messages(session, cln_slice(waiting->bytes, waiting->len));
		if (rest.len > 0) {
			memmove(waiting->bytes, rest.ptr, rest.len);
			waiting->len = rest.len;
			TAILQ_INSERT_HEAD(&xhr->waiting, waiting, link);
			xhr->waiting_count++;
			xhr->waiting_bytes += rest.len;
			return;
		}
		answer_later(waiting->ticket, 204, "");
		free(waiting);
	}
}

/* --- requests --- */

/* An empty array is a sign of life: the answer to ours, or a question for one. */
static void take_nothing(struct xhr *xhr)
{
	if (!xhr->has_asked) {
		xhr->owes_life = true;
		xhr_touch(xhr);
	}
	xhr->has_asked = false;
}

void xhr_take(struct xhr *xhr, struct conn *conn, struct cln_slice body)
{
	struct session *const session = &xhr->session;
	struct jslice array;
	if (session->is_leaving) {
		answer(conn, 404, ended);
		return;
	}
	if (jslice_parse(body, &array) < 0 || array.type != JSLICE_ARRAY || !are_strings(&array)) {
		session->app->hub->loop->metrics.http_errors++;
		answer(conn, 400, "The body is not a JSON array of strings.\n");
		return;
	}
	session_heard(session);
	if (is_empty(array.raw)) {
		take_nothing(xhr);
		answer(conn, 204, "");
		return;
	}
	const struct cln_slice rest =
		session->is_paused ? array.raw : take_messages(session, array.raw);
	if (rest.len > 0)
		wait(xhr, conn, rest);
	else
		answer(conn, 204, "");
}
