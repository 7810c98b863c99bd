/* SPDX-License-Identifier: MIT
 *
 * clairon-relay's entry: reads the configuration, opens the log, runs the server. All output but
 * that of --help and --version goes to standard error, one line an event.
 */
#include "base/log.h"
#include "base/map.h"
#include "conf.h"
#include "server.h"

#include <stdio.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	static struct conf conf; /* too large for a stack */
	enum log_level level = LOG_LEVEL_INFO;
	map_seed_init();
	switch (conf_load(&conf, argc, argv, environ, stdout, stderr)) {
	case CONF_OK:
		break;
	case CONF_HELP:
		return fflush(stdout) == 0 ? SERVER_EXIT_CLEAN : SERVER_EXIT_FAILURE;
	case CONF_INVALID:
		return SERVER_EXIT_CONFIGURATION;
	}
	log_level_parse(conf.log_level, &level);
	log_init(STDERR_FILENO, level);
	return server_run(&conf);
}
