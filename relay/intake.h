/* SPDX-License-Identifier: MIT
 *
 * From an envelope to a message: the one way in for what publishers send, whichever engine it came
 * by.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "app.h"
#include "hub.h"

#include "../wire/envelope.h"

/* Checks version, form, size, UTF-8 and, if `must_verify`, the signature; then publishes it.
 * NULL, or the sentence that says why not (counted as envelopes_refused). *envelope is filled if
 * NULL is returned. */
const char *intake_envelope(struct hub *hub, struct app *app, struct cln_slice channel,
	struct cln_slice bytes, bool must_verify, struct cln_envelope *envelope);

#endif
