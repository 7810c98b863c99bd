/* SPDX-License-Identifier: MIT
 *
 * clairon-relay's entry: reads the configuration, opens the log, runs the server. All output but
 * that of --help and --version goes to standard error, one line an event.
 */
#include "base/log.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "conf.h"
#include "reload.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	enum log_level level = LOG_LEVEL_INFO;
	map_seed_init();
	struct conf *const conf = xcalloc(1, sizeof(*conf));
	struct reload_source *const source = reload_source_new(argc, argv, environ);
	int status = SERVER_EXIT_CONFIGURATION;
	switch (conf_load(conf, argc, argv, environ, stdout, stderr)) {
	case CONF_OK:
		log_level_parse(conf->log_level, &level);
		log_init(STDERR_FILENO, level);
		status = server_run(conf, source);
		break;
	case CONF_HELP:
		status = fflush(stdout) == 0 ? SERVER_EXIT_CLEAN : SERVER_EXIT_FAILURE;
		conf_free(conf);
		free(conf);
		break;
	case CONF_INVALID:
		conf_free(conf);
		free(conf);
		break;
	}
	reload_source_free(source);
	return status;
}
