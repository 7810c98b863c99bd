/* SPDX-License-Identifier: MIT
 *
 * Inside of the configuration: the table's rows and the loader that file, environment and flags
 * fill. For conf*.c only; everybody else reads conf.h.
 *
 * Every problem is printed when it is found and counted; loading goes on, so that one start names
 * all of them. Values of secret keys are never printed.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf.h"
#include "conf_value.h"

#define CONF_LINE_MAX  1024 /* of a file, without its end */
#define CONF_VALUE_MAX 1024
#define CONF_NAME_MAX  32

#define CONF_ENV_PREFIX "CLAIRON_"

enum conf_type {
	CONF_TEXT,        /* char[size] */
	CONF_LIST,        /* const char ** and, right behind it, a size_t count */
	CONF_UINT,        /* unsigned */
	CONF_SIZE,        /* size_t, bytes */
	CONF_MS,          /* int64_t, milliseconds */
	CONF_BOOL,        /* bool */
	CONF_ENGINE_NAME, /* enum conf_engine */
	CONF_LEVEL,       /* char[size], one of error, warn, info, debug */
};

enum conf_scope {
	CONF_GLOBAL,  /* of the relay */
	CONF_APP,     /* of an application; given for the relay it is the default of all applications */
	CONF_APP_OWN, /* of one application only, in [app:ID] */
};

/* How a list lies in its struct. */
struct conf_list {
	const char **items;
	size_t count;
};

struct conf_key {
	const char *name; /* workers; CLAIRON_WORKERS; --workers */
	enum conf_scope scope;
	enum conf_type type;
	size_t offset; /* in struct conf or struct conf_app */
	size_t size;   /* of the member, a list's count left out */
	int64_t min;
	int64_t max;
	const char *standard; /* the default as it would be written; "" for none */
	bool is_secret;
	conf_check_fn check; /* of texts and list items; may be NULL */
	const char *group;   /* heading of the documentation */
	const char *help;    /* one sentence, without a full stop */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_key_count;
#define CONF_KEYS_MAX 128

/* Where a value stands, to name it in a sentence. */
struct conf_place {
	enum conf_source source;
	const char *name; /* of the file, the variable, the flag */
	unsigned line;    /* of the file */
};

/* Where an application stands, and which rows it has set itself. */
struct conf_app_origin {
	struct conf_place place;
	bool has[CONF_KEYS_MAX];
};

struct conf_loader {
	struct conf *conf;
	struct conf_app defaults; /* of applications */
	FILE *errors;
	unsigned problems;
	struct conf_place key_place[CONF_KEYS_MAX];
	struct conf_app_origin *app_origins; /* one per application */
	size_t app_origins_cap;
	bool has_secret_in_file;
	bool has_config_flag;
	/* Names of the rows in the environment and as flags; places point to them. */
	char variable[CONF_KEYS_MAX][CONF_NAME_MAX + sizeof(CONF_ENV_PREFIX)];
	char flag[CONF_KEYS_MAX][CONF_NAME_MAX + 3];
};

/* A row, or NULL. `is_app`: seen from [app:ID], else from [relay], a variable or a flag. */
const struct conf_key *conf_key_find(struct cln_slice name, bool is_app);
/* The row whose name looks most like `name`, or NULL if none does. */
const struct conf_key *conf_key_nearest(struct cln_slice name, bool is_app);
/* How many letters differ. */
unsigned conf_key_distance(struct cln_slice name, const struct conf_key *key);
size_t conf_key_index(const struct conf_key *key);
/* Bytes of the row in its struct, a list's count included. */
size_t conf_key_bytes(const struct conf_key *key);
/* CLAIRON_WORKERS and --workers. */
void conf_key_variable(const struct conf_key *key, char *out, size_t cap);
void conf_key_flag(const struct conf_key *key, char *out, size_t cap);

/* Prints one problem and counts it. The sentence says what to do. */
void conf_problem(struct conf_loader *loader, struct conf_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void conf_warning(struct conf_loader *loader, struct conf_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* `value` with unprintable bytes replaced and cut at a sensible length, for a sentence. */
#define CONF_SHOWN_MAX 72
const char *conf_shown(const char *value, char out[CONF_SHOWN_MAX]);

/* Puts `value` into struct conf or struct conf_app at `base`. `is_first`: a list starts anew. */
void conf_value_set(struct conf_loader *loader, struct conf_place place, const struct conf_key *key,
	void *base, const char *value, bool is_first);
/* Sets a row seen from [relay], a variable or a flag; keeps ranks. */
void conf_global_set(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, const char *value);

/* A new application of which the id is known; NULL (and a problem) if it can't be. */
struct conf_app *conf_app_add(struct conf_loader *loader, struct conf_place place, const char *id);
/* Sets a row of `app`. */
void conf_app_set(struct conf_loader *loader, struct conf_place place, struct conf_app *app,
	const struct conf_key *key, const char *value);

void conf_file_load(struct conf_loader *loader, const char *path);
void conf_env_load(struct conf_loader *loader, char *const *env);
void conf_flags_load(struct conf_loader *loader, int argc, char **argv);

/* A copy that lives as long as `conf`. */
void *conf_keep(struct conf *conf, const void *bytes, size_t size);
/* Adds a new application, zeroed; pointers to earlier ones become invalid. */
struct conf_app *conf_app_new(struct conf *conf);
/* (Re)builds the index of all applications that are not removed; of two with the same id or key
 * the first is found. */
void conf_index_build(struct conf *conf);

/* What only the whole tells: missing, doubled and contradicting settings. */
void conf_check_whole(struct conf_loader *loader);

void conf_print_help(FILE *output);
void conf_print_help_all(FILE *output);

#endif
