/* SPDX-License-Identifier: MIT
 *
 * libcurl tells which descriptors and which time it waits for; each descriptor becomes a libevent
 * event, the time a timer of the loop. libcurl's own resolver is bypassed: versions in use wait
 * for its thread when a request is given up.
 */
#include "webhook_http.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "resolve.h"

#include "../wire/version.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_BYTES_MAX 65536 /* of a body; what is longer costs its connection */
#define IDLE_CONNECTIONS 16L
#define OK_FIRST         200
#define OK_LAST          299

struct webhook_http {
	struct loop *loop;
	CURLM *multi;
	struct wheel_timer timer;
	LIST_HEAD(, webhook_post)
	posts;
};

struct webhook_post {
	LIST_ENTRY(webhook_post) link;
	struct webhook_http *http;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *addresses;
	char *host;
	char *port;
	struct resolve *resolve;  /* while the name is looked up */
	struct wheel_timer timer; /* ends that */
	int64_t deadline_ms;
	size_t answered; /* bytes of the body */
	webhook_answer_fn answer;
	void *context;
	char error[CURL_ERROR_SIZE];
};

/* --- a post's life --- */

static void post_free(struct webhook_post *post)
{
	LIST_REMOVE(post, link);
	if (post->resolve != NULL)
		resolve_cancel(post->resolve);
	loop_timer_stop(post->http->loop, &post->timer);
	if (post->easy != NULL) {
		curl_multi_remove_handle(post->http->multi, post->easy); /* no harm if it is not in */
		curl_easy_cleanup(post->easy);
	}
	curl_slist_free_all(post->headers);
	curl_slist_free_all(post->addresses);
	curl_free(post->host);
	curl_free(post->port);
	free(post);
}

void webhook_post_cancel(struct webhook_post *post)
{
	post_free(post);
}

static void finish(struct webhook_post *post, long status, const char *error)
{
	char kept[CURL_ERROR_SIZE];
	const webhook_answer_fn answer = post->answer;
	void *const context = post->context;
	snprintf(kept, sizeof(kept), "%s", error);
	post_free(post);
	answer(context, status, kept);
}

/* The status decides: a receiver that said 2xx has the event, however its answer goes on. */
static void on_done(struct webhook_post *post, CURLcode code)
{
	long status = 0;
	curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
	const bool is_answered = code == CURLE_OK || (status >= OK_FIRST && status <= OK_LAST);
	const char *const error = post->error[0] != '\0' ? post->error : curl_easy_strerror(code);
	finish(post, is_answered ? status : 0, is_answered ? "" : error);
}

static void reap(struct webhook_http *http)
{
	int left;
	for (;;) {
		const CURLMsg *const message = curl_multi_info_read(http->multi, &left);
		if (message == NULL)
			return;
		if (message->msg != CURLMSG_DONE)
			continue;
		char *post = NULL;
		const CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &post);
		on_done((struct webhook_post *)(void *)post, code);
	}
}

/* --- libcurl on the loop --- */

static void act(struct webhook_http *http, curl_socket_t fd, int what)
{
	int running;
	curl_multi_socket_action(http->multi, fd, what, &running);
	reap(http);
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
	struct webhook_http *const http = context;
	loop_enter(http->loop);
	act(http, fd,
		((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
			((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static void on_time(struct wheel_timer *timer)
{
	struct webhook_http *const http =
		(struct webhook_http *)((char *)timer - offsetof(struct webhook_http, timer));
	act(http, CURL_SOCKET_TIMEOUT, 0);
}

static int want_time(CURLM *multi, long wait_ms, void *context)
{
	struct webhook_http *const http = context;
	(void)multi;
	if (wait_ms < 0)
		loop_timer_stop(http->loop, &http->timer);
	else
		loop_timer_set(http->loop, &http->timer, wait_ms, on_time);
	return 0;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
	struct webhook_http *const http = context;
	(void)easy;
	if (assigned != NULL)
		event_free(assigned);
	curl_multi_assign(http->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	const short flags = (short)(EV_PERSIST | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
								((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
	struct event *const event = event_new(http->loop->base, fd, flags, on_ready, http);
	if (event == NULL || event_add(event, NULL) != 0) {
		if (event != NULL)
			event_free(event);
		return -1; /* the request fails, and is tried again */
	}
	curl_multi_assign(http->multi, fd, event);
	return 0;
}

static size_t throw_away(char *bytes, size_t one, size_t count, void *context)
{
	struct webhook_post *const post = context;
	(void)bytes;
	post->answered += one * count;
	return post->answered > ANSWER_BYTES_MAX ? 0 : count;
}

/* --- a request --- */

static void add_header(struct webhook_post *post, const char *name, const char *value)
{
	struct buf line = {0};
	buf_appendf(&line, "%s: %s", name, value);
	buf_append_byte(&line, '\0');
	struct curl_slist *const longer = curl_slist_append(post->headers, line.bytes);
	buf_deinit(&line);
	if (longer != NULL)
		post->headers = longer;
}

static void set_headers(struct webhook_post *post, const struct webhook_request *request)
{
	add_header(post, "Content-Type", "application/json");
	add_header(post, "X-Pusher-Key", request->key);
	add_header(post, "X-Pusher-Signature", request->signature);
	struct curl_slist *const longer = curl_slist_append(post->headers, "Expect:"); /* none */
	if (longer != NULL)
		post->headers = longer;
	curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, post->headers);
}

static void set_rules(CURL *easy, const struct webhook_request *request)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "clairon-relay/" CLN_VERSION);
	if (request->ca[0] != '\0') {
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static void set_request(struct webhook_post *post, const struct webhook_request *request)
{
	CURL *const easy = post->easy;
	set_rules(easy, request);
	set_headers(post, request);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.ptr);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, throw_away);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, post);
}

/* Host and port as libcurl itself understands the URL. */
static bool set_host(struct webhook_post *post, const char *url)
{
	CURLU *const parts = curl_url();
	const bool is_good =
		parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &post->host, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_PORT, &post->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
	curl_url_cleanup(parts);
	return is_good;
}

/* An address needs no resolver; [..] is one of IPv6. */
static bool is_address(const char *host)
{
	struct in_addr v4;
	return host[0] == '[' || inet_pton(AF_INET, host, &v4) == 1;
}

static void on_late(struct wheel_timer *timer)
{
	struct webhook_post *const post =
		(struct webhook_post *)((char *)timer - offsetof(struct webhook_post, timer));
	finish(post, 0,
		post->resolve != NULL ? "the host's name could not be resolved in time"
							  : "libcurl did not take the request");
}

static void send_now(struct webhook_post *post)
{
	const int64_t left_ms = post->deadline_ms - post->http->loop->now_ms;
	const long timeout_ms = left_ms > 1 ? (long)left_ms : 1; /* 0 would be libcurl's default */
	curl_easy_setopt(post->easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl_easy_setopt(post->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	if (curl_multi_add_handle(post->http->multi, post->easy) != CURLM_OK)
		loop_timer_set(post->http->loop, &post->timer, 0, on_late);
}

/* HOST:PORT:ADDRESS,ADDRESS for libcurl, [IPv6] in brackets. */
static void use_addresses(struct webhook_post *post, const struct addrinfo *found)
{
	struct buf line = {0};
	const char *before = "";
	buf_appendf(&line, "%s:%s:", post->host, post->port);
	for (; found != NULL; found = found->ai_next) {
		char text[INET6_ADDRSTRLEN];
		if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST) != 0)
			continue;
		buf_appendf(&line, found->ai_family == AF_INET6 ? "%s[%s]" : "%s%s", before, text);
		before = ",";
	}
	buf_append_byte(&line, '\0');
	post->addresses = curl_slist_append(NULL, line.bytes);
	curl_easy_setopt(post->easy, CURLOPT_RESOLVE, post->addresses);
	buf_deinit(&line);
}

static void on_resolved(void *context, struct addrinfo *found, const char *error)
{
	struct webhook_post *const post = context;
	post->resolve = NULL;
	loop_timer_stop(post->http->loop, &post->timer);
	if (found == NULL) {
		finish(post, 0, error);
		return;
	}
	use_addresses(post, found);
	freeaddrinfo(found);
	send_now(post);
}

static bool start(struct webhook_post *post, const struct webhook_request *request)
{
	post->easy = curl_easy_init();
	if (post->easy == NULL || !set_host(post, request->url))
		return false;
	set_request(post, request);
	if (is_address(post->host)) {
		send_now(post);
		return true;
	}
	loop_timer_set(post->http->loop, &post->timer, request->timeout_ms, on_late);
	post->resolve = resolve_start(post->http->loop, post->host, post->port, on_resolved, post);
	return post->resolve != NULL;
}

struct webhook_post *webhook_http_post(struct webhook_http *http,
	const struct webhook_request *request, webhook_answer_fn answer, void *context)
{
	struct webhook_post *const post = xcalloc(1, sizeof(*post));
	post->http = http;
	post->answer = answer;
	post->context = context;
	post->deadline_ms = http->loop->now_ms + request->timeout_ms;
	LIST_INSERT_HEAD(&http->posts, post, link);
	if (start(post, request))
		return post;
	post_free(post);
	return NULL;
}

/* --- life --- */

static bool set_up(struct webhook_http *http)
{
	CURLM *const multi = http->multi;
	return multi != NULL &&
		   curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket) == CURLM_OK &&
		   curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http) == CURLM_OK &&
		   curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_time) == CURLM_OK &&
		   curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http) == CURLM_OK &&
		   curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS) == CURLM_OK;
}

struct webhook_http *webhook_http_new(struct loop *loop)
{
	struct webhook_http *const http = xcalloc(1, sizeof(*http));
	http->loop = loop;
	LIST_INIT(&http->posts);
	const bool has_curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	http->multi = has_curl ? curl_multi_init() : NULL;
	if (set_up(http))
		return http;
	log_event(LOG_LEVEL_ERROR, "webhooks_failed", "reason=\"libcurl could not start\"");
	curl_multi_cleanup(http->multi);
	free(http);
	return NULL;
}

void webhook_http_free(struct webhook_http *http)
{
	while (!LIST_EMPTY(&http->posts))
		post_free(LIST_FIRST(&http->posts));
	loop_timer_stop(http->loop, &http->timer);
	curl_multi_cleanup(http->multi);
	loop_timer_stop(http->loop, &http->timer); /* closing may have asked for one */
	curl_global_cleanup();
	free(http);
}
