/* SPDX-License-Identifier: MIT
 *
 * The bridge to hiredis's reader. hiredis keeps its place in the input and calls the object
 * functions below in order; they write into one bounded cln_reply instead of building a tree. Owns
 * the hiredis reader and the store of texts.
 *
 * Between calls `fed` is the number of bytes fed since the last complete reply was taken; it bounds
 * the reply in the making and with it hiredis's buffer and the store.
 */
#include "reply.h"

#include <hiredis/hiredis.h>

#include <stdlib.h>

#define TEXTS_START 256
/* Longer numbers are left to hiredis. */
#define INTEGER_DIGITS_MAX 18

struct cln_reply_reader {
	redisReader *hiredis;
	size_t bytes_max;
	size_t fed;
	enum cln_err failure;    /* why an object function refused; CLN_OK before that */
	struct cln_reply making; /* its texts have no ptr before the reply is complete: texts moves */
	char *texts;
	size_t texts_len;
	size_t texts_cap;
};

/* The type of createArray's second parameter; hiredis 1.0 changed it. */
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *refuse(struct cln_reply_reader *reader, enum cln_err why)
{
	reader->failure = why;
	return NULL;
}

/* Where the object of `task` goes; NULL if it is inside of a nested array. */
static struct cln_reply_item *place(struct cln_reply_reader *reader, const redisReadTask *task)
{
	if (task->parent == NULL)
		return &reader->making.item[0];
	return task->parent->parent == NULL ? &reader->making.item[task->idx] : NULL;
}

/* hiredis only asks whether the result is NULL: the reader stands for every object. */
static void *put(const redisReadTask *task, enum cln_reply_type type, long long integer)
{
	struct cln_reply_reader *reader = task->privdata;
	struct cln_reply_item *item = place(reader, task);

	if (item)
		*item = (struct cln_reply_item){.type = type, .integer = integer};
	if (task->parent == NULL) {
		reader->making.type = type;
		reader->making.count = 1;
	}
	return reader;
}

static bool ensure_texts(struct cln_reply_reader *reader, size_t more)
{
	size_t cap = reader->texts_cap ? reader->texts_cap : TEXTS_START;
	char *texts;

	/* Texts are part of what was fed, so this ends at bytes_max. */
	while (cap - reader->texts_len < more)
		cap *= 2;
	if (cap == reader->texts_cap)
		return true;
	texts = realloc(reader->texts, cap);
	if (!texts)
		return false;
	reader->texts = texts;
	reader->texts_cap = cap;
	return true;
}

static void *on_string(const redisReadTask *task, char *bytes, size_t len)
{
	struct cln_reply_reader *reader = task->privdata;
	struct cln_reply_item *item = place(reader, task);
	enum cln_reply_type type;

	switch (task->type) {
	case REDIS_REPLY_STATUS:
		type = CLN_REPLY_STATUS;
		break;
	case REDIS_REPLY_ERROR:
		type = CLN_REPLY_ERROR;
		break;
	case REDIS_REPLY_STRING:
		type = CLN_REPLY_STRING;
		break;
	default: /* a type of RESP3, which we never ask for */
		return refuse(reader, CLN_ERR_PROTOCOL);
	}
	put(task, type, 0);
	if (item) {
		if (!ensure_texts(reader, len))
			return refuse(reader, CLN_ERR_LIMIT);
		if (len)
			memcpy(reader->texts + reader->texts_len, bytes, len);
		reader->texts_len += len;
		item->text.len = len;
	}
	return reader;
}

static void *on_array(const redisReadTask *task, element_count elements)
{
	struct cln_reply_reader *reader = task->privdata;

	if (task->type != REDIS_REPLY_ARRAY)
		return refuse(reader, CLN_ERR_PROTOCOL);
	if (task->parent == NULL && (size_t)elements > CLN_REPLY_ITEMS_MAX)
		return refuse(reader, CLN_ERR_LIMIT);
	put(task, CLN_REPLY_ARRAY, (long long)elements);
	if (task->parent == NULL)
		reader->making.count = (size_t)elements;
	return reader;
}

static void *on_integer(const redisReadTask *task, long long value)
{
	return put(task, CLN_REPLY_INTEGER, value);
}

/* "$-1" and "*-1"; RESP3's "_", which newer readers know, has a type of its own. */
static void *on_nil(const redisReadTask *task)
{
	if (task->type == REDIS_REPLY_NIL)
		return refuse(task->privdata, CLN_ERR_PROTOCOL);
	return put(task, CLN_REPLY_NIL, 0);
}

static void on_free(void *object)
{
	(void)object; /* nothing was made */
}

#if HIREDIS_MAJOR >= 1
static void *on_double(const redisReadTask *task, double value, char *text, size_t len)
{
	(void)value, (void)text, (void)len;
	return refuse(task->privdata, CLN_ERR_PROTOCOL);
}

static void *on_bool(const redisReadTask *task, int value)
{
	(void)value;
	return refuse(task->privdata, CLN_ERR_PROTOCOL);
}
#endif

/* Not const only because hiredis doesn't say so. */
static redisReplyObjectFunctions object_functions = {
	.createString = on_string,
	.createArray = on_array,
	.createInteger = on_integer,
	.createNil = on_nil,
	.freeObject = on_free,
#if HIREDIS_MAJOR >= 1
	.createDouble = on_double,
	.createBool = on_bool,
#endif
};

struct cln_reply_reader *cln_reply_reader_new(size_t bytes_max)
{
	struct cln_reply_reader *reader = calloc(1, sizeof *reader);

	if (!reader)
		return NULL;
	reader->hiredis = redisReaderCreateWithFunctions(&object_functions);
	if (!reader->hiredis) {
		free(reader);
		return NULL;
	}
	reader->hiredis->privdata = reader;
	reader->bytes_max = bytes_max;
	return reader;
}

void cln_reply_reader_free(struct cln_reply_reader *reader)
{
	if (!reader)
		return;
	redisReaderFree(reader->hiredis);
	free(reader->texts);
	free(reader);
}

/* Bytes of the reply of the form :NUMBER that `bytes` begins with; 0 if it begins with none, or not
 * with all of it. */
static size_t integer_len(struct cln_slice bytes, long long *number)
{
	size_t i = 1;

	*number = 0;
	if (bytes.len < 4 || bytes.ptr[0] != ':')
		return 0;
	for (; i < bytes.len && i <= INTEGER_DIGITS_MAX && bytes.ptr[i] >= '0' && bytes.ptr[i] <= '9';
		 i++)
		*number = *number * 10 + (bytes.ptr[i] - '0');
	if (i == 1 || bytes.len - i < 2 || bytes.ptr[i] != '\r' || bytes.ptr[i + 1] != '\n')
		return 0;
	return i + 2;
}

size_t cln_reply_count_integers(
	const struct cln_reply_reader *reader, struct cln_slice *bytes, long long *most)
{
	size_t count = 0, len;
	long long number;

	if (reader->fed > 0)
		return 0;
	while ((len = integer_len(*bytes, &number)) > 0) {
		*bytes = cln_slice_from(*bytes, len);
		if (most && number > *most)
			*most = number;
		count++;
	}
	return count;
}

int cln_reply_feed(struct cln_reply_reader *reader, struct cln_slice bytes)
{
	if (bytes.len == 0)
		return CLN_OK;
	if (bytes.len > reader->bytes_max - reader->fed)
		return CLN_ERR_LIMIT;
	if (redisReaderFeed(reader->hiredis, bytes.ptr, bytes.len) != REDIS_OK)
		return CLN_ERR_LIMIT; /* out of memory, or fed after a failure */
	reader->fed += bytes.len;
	return CLN_OK;
}

/* The texts stand in the store in the order of the items. */
static void hand_out(struct cln_reply_reader *reader, struct cln_reply *reply)
{
	const char *text = reader->texts;

	reply->type = reader->making.type;
	reply->count = reader->making.count;
	for (size_t i = 0; i < reply->count; i++) {
		reply->item[i] = reader->making.item[i];
		if (reply->item[i].text.len) {
			reply->item[i].text.ptr = text;
			text += reply->item[i].text.len;
		}
	}
}

int cln_reply_next(struct cln_reply_reader *reader, struct cln_reply *reply)
{
	redisReader *hiredis = reader->hiredis;
	void *object = NULL;

	if (redisReaderGetReply(hiredis, &object) != REDIS_OK)
		return reader->failure != CLN_OK ? (int)reader->failure : CLN_ERR_PROTOCOL;
	if (!object)
		return CLN_ERR_MORE;
	hand_out(reader, reply);
	reader->texts_len = 0; /* the bytes stay where they are until more are read */
	reader->fed = hiredis->len - hiredis->pos;
	return CLN_OK;
}
