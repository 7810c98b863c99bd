/* SPDX-License-Identifier: MIT
 *
 * From an envelope to a message: the one way in for what publishers send, whichever engine it came
 * by.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "app.h"
#include "hub.h"
#include "msg.h"

#include "../wire/envelope.h"

/* Checks version, form, size, UTF-8 and, if `must_verify`, the signature. NULL, or the sentence
 * that says why not (counted as envelopes_refused). *envelope is filled if NULL is returned, and
 * also of an envelope that is refused though its form is good. */
const char *intake_check(struct hub *hub, struct app *app, struct cln_slice channel,
	struct cln_slice bytes, bool must_verify, struct cln_envelope *envelope);

/* The message in an envelope that passed; its frame is the caller's to release. */
struct msg intake_msg(
	const struct app *app, struct cln_slice channel, const struct cln_envelope *envelope);

/* Checks as intake_check() does, then publishes it. */
const char *intake_envelope(struct hub *hub, struct app *app, struct cln_slice channel,
	struct cln_slice bytes, bool must_verify, struct cln_envelope *envelope);

#endif
