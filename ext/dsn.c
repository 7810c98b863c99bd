/* SPDX-License-Identifier: MIT
 *
 * unix:PATH, tcp://HOST:PORT, redis://[USER:PASSWORD@]HOST[:PORT] and redis+unix:PATH. Messages
 * never repeat the DSN, for it may hold a password.
 */
#include "dsn.h"

#include "ext/standard/url.h"

#define DSN_ARG            1
#define REDIS_PORT_DEFAULT 6379
#define PORT_MAX           65535

static zend_result refuse(const char *why)
{
	zend_argument_value_error(DSN_ARG, "%s", why);
	return FAILURE;
}

static zend_result read_path(const char *path, size_t len, struct cln_target *target)
{
	if (len == 0 || path[0] != '/') {
		return refuse(
			"must name the socket by its absolute path, as in unix:/run/clairon/relay.sock");
	}
	if (memchr(path, '\0', len) != NULL) {
		return refuse("must not contain null bytes in the path");
	}
	if (len > CLN_UNIX_PATH_MAX) {
		zend_argument_value_error(DSN_ARG,
			"has a socket path of %zu bytes; the system allows %d, use a shorter one", len,
			CLN_UNIX_PATH_MAX);
		return FAILURE;
	}
	memcpy(target->path, path, len);
	if (php_check_open_basedir_ex(target->path, 0) != 0) {
		return refuse("has a socket path outside of open_basedir");
	}
	return SUCCESS;
}

/* Copies an URL part and decodes its %XX. */
static zend_result read_decoded(
	const zend_string *part, char *out, size_t max, size_t *out_len, const char *why)
{
	zend_string *copy = zend_string_init(ZSTR_VAL(part), ZSTR_LEN(part), 0);
	const size_t len = php_raw_url_decode(ZSTR_VAL(copy), ZSTR_LEN(copy));
	const bool fits = len <= max;
	if (fits) {
		memcpy(out, ZSTR_VAL(copy), len);
		*out_len = len;
	}
	ZEND_SECURE_ZERO(ZSTR_VAL(copy), ZSTR_LEN(copy));
	zend_string_release(copy);
	return fits ? SUCCESS : refuse(why);
}

/* Host names and addresses; IPv6 comes in brackets and leaves without them. */
static zend_result read_host(const zend_string *host, struct cln_target *target)
{
	const char *name = ZSTR_VAL(host);
	size_t len = ZSTR_LEN(host);
	if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
		name++;
		len -= 2;
	}
	if (len == 0 || len > CLN_HOST_MAX ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-%") < len) {
		return refuse("must hold a host name or address of 1 to 255 bytes");
	}
	memcpy(target->host, name, len);
	return SUCCESS;
}

static zend_result read_credentials(const php_url *url, struct cln_target *target)
{
	if (target->transport == CLN_TRANSPORT_RELAY_TCP) {
		if (url->user == NULL && url->pass == NULL) {
			return SUCCESS;
		}
		return refuse("must not hold a password with tcp://, use the option \"password\"");
	}
	if (url->user != NULL && read_decoded(url->user, target->user, CLN_USER_MAX, &target->user_len,
								 "has a user name that is too long") == FAILURE) {
		return FAILURE;
	}
	if (url->pass != NULL &&
		read_decoded(url->pass, target->password, CLN_PASSWORD_MAX, &target->password_len,
			"has a password that is too long") == FAILURE) {
		return FAILURE;
	}
	return SUCCESS;
}

static zend_result read_parts(const php_url *url, struct cln_target *target)
{
	const bool is_redis = target->transport == CLN_TRANSPORT_REDIS_TCP;
	if (url->host == NULL) {
		return refuse("must name a host, as in tcp://127.0.0.1:6002 or redis://127.0.0.1:6379");
	}
	if (url->query != NULL || url->fragment != NULL) {
		return refuse("must end after the port: options belong into the second argument");
	}
	/* PUBLISH knows no databases; a number that users have in their Redis URL does no harm. */
	if (url->path != NULL &&
		(!is_redis || strspn(ZSTR_VAL(url->path), "/0123456789") < ZSTR_LEN(url->path))) {
		return refuse("must end after the port");
	}
	if (url->port == 0 && !is_redis) {
		return refuse("must name a port from 1 to 65535, as in tcp://127.0.0.1:6002");
	}
	target->port = url->port != 0 ? url->port : REDIS_PORT_DEFAULT;
	if (read_host(url->host, target) == FAILURE) {
		return FAILURE;
	}
	return read_credentials(url, target);
}

static zend_result read_url(zend_string *dsn, struct cln_target *target)
{
	php_url *url = php_url_parse_ex(ZSTR_VAL(dsn), ZSTR_LEN(dsn));
	if (url == NULL) {
		return refuse("must be a well-formed URL with a port from 1 to 65535");
	}
	const zend_result result = read_parts(url, target);
	php_url_free(url);
	return result;
}

/* Cuts `scheme` off the front; PATH may be written with the two slashes of an URL. */
static bool cut_scheme(struct cln_slice *rest, struct cln_slice scheme)
{
	if (!cln_slice_starts(*rest, scheme)) {
		return false;
	}
	*rest = cln_slice_from(*rest, scheme.len);
	if (cln_slice_starts(*rest, CLN_SLICE("//"))) {
		*rest = cln_slice_from(*rest, 2);
	}
	return true;
}

zend_result clairon_dsn_parse(zend_string *dsn, struct cln_target *target)
{
	struct cln_slice rest = cln_slice(ZSTR_VAL(dsn), ZSTR_LEN(dsn));
	if (cut_scheme(&rest, CLN_SLICE("unix:"))) {
		target->transport = CLN_TRANSPORT_RELAY_UNIX;
		return read_path(rest.ptr, rest.len, target);
	}
	if (cut_scheme(&rest, CLN_SLICE("redis+unix:"))) {
		target->transport = CLN_TRANSPORT_REDIS_UNIX;
		return read_path(rest.ptr, rest.len, target);
	}
	if (cln_slice_starts(rest, CLN_SLICE("tcp://"))) {
		target->transport = CLN_TRANSPORT_RELAY_TCP;
		return read_url(dsn, target);
	}
	if (cln_slice_starts(rest, CLN_SLICE("redis://"))) {
		target->transport = CLN_TRANSPORT_REDIS_TCP;
		return read_url(dsn, target);
	}
	if (cln_slice_starts(rest, CLN_SLICE("rediss://"))) {
		return refuse("must not be rediss://: TLS to Redis is not available in this version, use "
					  "redis:// through a local TLS proxy such as stunnel");
	}
	return refuse("must begin with unix:, tcp://, redis:// or redis+unix:");
}
