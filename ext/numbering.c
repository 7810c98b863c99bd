/* SPDX-License-Identifier: MIT
 *
 * See numbering.h. A local socket and the relay's TCP port need the connection's number only.
 */
#include "numbering.h"

#include "php.h"

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", the mixing function. */
#define SPLITMIX_STEP 0x9e3779b97f4a7c15u
#define SPLITMIX_A    0xbf58476d1ce4e5b9u
#define SPLITMIX_B    0x94d049bb133111ebu

/* Table and keys outlive requests but never leave the thread, which a PHP that checks its reference
 * counts (ZEND_RC_DEBUG) has to be told. */
static HashTable *new_channels(void)
{
	HashTable *channels = pemalloc(sizeof(*channels), 1);
	zend_hash_init(channels, 8, NULL, NULL, 1);
	GC_MAKE_PERSISTENT_LOCAL(channels);
	return channels;
}

static zval *add_channel(HashTable *channels, struct cln_slice channel)
{
	zval zero;
	ZVAL_LONG(&zero, 0);
	zend_string *key = zend_string_init(channel.ptr, channel.len, 1);
	GC_MAKE_PERSISTENT_LOCAL(key);
	zval *number = zend_hash_add_new(channels, key, &zero);
	zend_string_release_ex(key, 1);
	return number;
}

static uint64_t next_on_channel(struct cln_numbers *numbers, struct cln_slice channel)
{
	if (numbers->channels == NULL) {
		numbers->channels = new_channels();
	}
	zval *number = zend_hash_str_find(numbers->channels, channel.ptr, channel.len);
	if (number == NULL) {
		number = add_channel(numbers->channels, channel);
	}
	return (uint64_t)++Z_LVAL_P(number);
}

void cln_numbers_anew(struct cln_numbers *numbers, uint64_t publisher)
{
	numbers->publisher = publisher;
	numbers->sequence = 0;
	if (numbers->channels != NULL) {
		zend_hash_destroy(numbers->channels);
		pefree(numbers->channels, 1);
		numbers->channels = NULL;
	}
}

void cln_numbers_break(struct cln_numbers *numbers)
{
	uint64_t id = numbers->publisher + SPLITMIX_STEP;
	id = (id ^ (id >> 30)) * SPLITMIX_A;
	id = (id ^ (id >> 27)) * SPLITMIX_B;
	cln_numbers_anew(numbers, id ^ (id >> 31));
}

static bool is_full(const struct cln_numbers *numbers)
{
	return numbers->channels != NULL &&
		   zend_hash_num_elements(numbers->channels) >= CLN_NUMBERED_CHANNELS_MAX;
}

struct cln_numbering cln_numbers_next(
	struct cln_numbers *numbers, const struct cln_target *target, struct cln_slice channel)
{
	if (is_full(numbers)) {
		cln_numbers_break(numbers);
	}
	struct cln_numbering numbering = {
		.publisher = numbers->publisher, .sequence = ++numbers->sequence};
	if (cln_target_is_redis(target)) {
		numbering.channel_sequence = next_on_channel(numbers, channel);
	}
	return numbering;
}
