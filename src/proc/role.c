/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/role.h"

#include "base/log.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

const struct role_link role_links[] = {
	{ PROCESS_KEEPER, PROCESS_FETCH },
	{ PROCESS_KEEPER, PROCESS_PARSE },
	{ PROCESS_KEEPER, PROCESS_WEB },
};
_Static_assert(ARRAY_LEN(role_links) == ROLE_LINKS, "the number of links");

struct role_arguments {
	struct sandbox_request request;
	unsigned index;
	enum log_level log_most;
};

bool role_is_asked(int argc, char **argv)
{
	return argc > 1 && str_eq(str_c(argv[1]), STR("--role"));
}

/* The words that the parent wrote; anything else is a person's mistake. */
static enum err read_arguments(int argc, char **argv, struct role_arguments *out, struct why *why)
{
	bool has_role = false;

	*out = (struct role_arguments){ .log_most = LOG_INFO };
	for (int i = 1; i < argc; i++) {
		struct str word = str_c(argv[i]);
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		uint64_t number;

		if (str_eq(word, STR("--store-network"))) {
			out->request.has_network_store = true;
			continue;
		}
		i++;
		if (value != NULL && str_eq(word, STR("--role")) &&
			process_from_word(str_c(value), &out->request.process)) {
			has_role = true;
		} else if (value != NULL && str_eq(word, STR("--index")) &&
			   parse_u64(str_c(value), &number) && number < ROLE_INSTANCES_MAX) {
			out->index = (unsigned)number;
		} else if (value != NULL && str_eq(word, STR("--log")) &&
			   parse_u64(str_c(value), &number) && number <= LOG_DEBUG) {
			out->log_most = (enum log_level)number;
		} else if (value != NULL && str_eq(word, STR("--data"))) {
			out->request.data = value;
		} else if (value != NULL && str_eq(word, STR("--user"))) {
			out->request.user = value;
		} else if (value == NULL || !str_eq(word, STR("--sandbox")) ||
			   !sandbox_mode_from_word(str_c(value), &out->request.mode)) {
			return fail(why, ERR_USAGE, "unknown option %s of a role", argv[i - 1]);
		}
	}
	if (!has_role || out->request.data == NULL)
		return fail(why, ERR_USAGE, "roles are started by pehra serve");
	return OK;
}

/* A terminal's keys and a service manager's signals reach every process; the parent decides. */
static void signals_leave_to_parent(void)
{
	static const int left[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		must(sigaction(left[i], &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) == 0);
	must(sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0);
}

static role_main find_main(
	const struct process_role *roles, size_t role_count, enum process process)
{
	for (size_t i = 0; i < role_count; i++)
		if (roles[i].process == process)
			return roles[i].main;
	return NULL;
}

static enum err run(
	const struct role_arguments *arguments, role_main main, int *status, struct why *why)
{
	CLEANUP(child_done) struct child child;

	TRY(child_begin(
		&child, arguments->request.process, arguments->index, ROLE_CHANNEL_FD, why));
	child.data = arguments->request.data;
	TRY(sandbox_enter(&arguments->request, &child.sandbox, why));
	*status = main(&child);
	return OK;
}

int role_run(int argc, char **argv, const struct process_role *roles, size_t role_count)
{
	struct role_arguments arguments;
	struct why why;
	int status = CHILD_EXIT_FAILED;

	if (read_arguments(argc, argv, &arguments, &why) != OK) {
		log_why(LOG_ERROR, "role_refused", &why);
		return CHILD_EXIT_HOPELESS;
	}

	const char *word = process_word(arguments.request.process);
	role_main main = find_main(roles, role_count, arguments.request.process);

	must(main != NULL);
	log_start(word, arguments.log_most);
	(void)prctl(PR_SET_NAME, word, 0, 0, 0);
	signals_leave_to_parent();
	(void)close_range(ROLE_CHANNEL_FD + 1, ~0U, 0);
	if (run(&arguments, main, &status, &why) != OK && why.code != ERR_CLOSED)
		log_why(LOG_ERROR, "role_failed", &why);
	/* not exit(): what libraries do at the end is not in the role's rights */
	(void)fflush(NULL);
	_exit(status);
}
