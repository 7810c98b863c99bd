/* SPDX-License-Identifier: MIT
 *
 * What the load tool's command line says.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "wire/slice.h"

#include <stdint.h>

enum speak {
	SPEAK_PUSHER,    /* WebSocket, then Pusher's subscribe */
	SPEAK_WEBSOCKET, /* ready after the upgrade */
	SPEAK_PLAIN,     /* frames of a fixed size and no word of one's own: bench/bare */
};

enum publish {
	PUBLISH_RESP,        /* the relay's Unix socket, as the extension does */
	PUBLISH_PLAIN,       /* the same bytes without a greeting: bench/bare */
	PUBLISH_HTTP,        /* the text as the body of a POST: nchan, ws */
	PUBLISH_PUSHER_HTTP, /* Pusher's HTTP API */
	PUBLISH_NONE,
};

struct options {
	enum speak speak;
	enum publish publish;
	uint16_t port;            /* of 127.0.0.1 */
	const char *path;         /* of the upgrade; NULL: Pusher's */
	const char *to;           /* where to publish: a Unix socket's path or a port; NULL: `port` */
	const char *publish_path; /* of PUBLISH_HTTP */
	struct cln_slice app;
	struct cln_slice key;
	struct cln_slice secret;
	bool has_deflate;    /* offers permessage-deflate and wants every message compressed */
	bool has_tls;        /* wss; no certificate is asked for */
	bool is_signed;      /* envelopes */
	size_t payload;      /* bytes of a message's text */
	int64_t patience_ns; /* without any progress */
	int64_t nap_ns;      /* between two looks at the sockets; 0: sleeps until something comes */
};

/* Reads the command line; ends the program with a sentence if it is not right. */
void options_read(struct options *options, int argc, char **argv);

#endif
