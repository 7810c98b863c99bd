/* SPDX-License-Identifier: MIT
 *
 * Copies of notes for the mail.
 */
#include "note.h"
#include "base/xalloc.h"

#include <stdlib.h>

static struct cln_slice move_slice(char **at, struct cln_slice slice)
{
	char *const start = *at;
	if (slice.len > 0)
		memcpy(start, slice.ptr, slice.len);
	*at += slice.len;
	return cln_slice(start, slice.len);
}

struct letter *note_copy(const struct note *note, struct hub *to)
{
	const size_t len = note->msg.channel.len + note->user_id.len + note->user_info.len;
	struct letter *const letter = xmalloc(sizeof(*letter) + len);
	char *at = letter->bytes;
	letter->to = to;
	letter->note = *note;
	letter->note.msg.channel = move_slice(&at, note->msg.channel);
	letter->note.user_id = move_slice(&at, note->user_id);
	letter->note.user_info = move_slice(&at, note->user_info);
	if (note->msg.frame != NULL)
		frame_ref(note->msg.frame);
	if (note->extra != NULL)
		frame_ref(note->extra);
	return letter;
}

void letter_free(struct letter *letter)
{
	frame_unref(letter->note.msg.frame);
	frame_unref(letter->note.extra);
	free(letter);
}
