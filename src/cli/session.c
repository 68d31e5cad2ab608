/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/session.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json_write.h"
#include "cli/output.h"
#include "cli/server.h"
#include "proc/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_WAIT_MS = 30000, CONNECT_EVERY_MS = 10 };

/* The server process tells on this pipe that it is ready, or why it is not. */
static void serve_for_us(const struct cli_arguments *arguments, unsigned needs, int ready)
{
	struct why why = { 0 };

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (server_run_for_command(arguments, (needs & SESSION_FETCH) != 0, ready, &why) != OK)
		(void)!write(ready, &why, sizeof why);
}

static enum err wait_ready(int ready, struct why *why)
{
	struct pollfd row = { ready, POLLIN, 0 };
	struct why told = { 0 };
	ssize_t n;
	int found;

	do {
		found = poll(&row, 1, START_WAIT_MS);
	} while (found == -1 && errno == EINTR);
	if (found == 0)
		return fail(
			why, ERR_TIMEOUT, "keeper did not start within %d s", START_WAIT_MS / 1000);
	n = read(ready, &told, sizeof told);
	if (n == 1)
		return OK;
	if (n != (ssize_t)sizeof told || told.code == OK)
		return fail(
			why, ERR_CLOSED, "keeper could not be started; the lines above say why");
	*why = told;
	return told.code;
}

static enum err own_server_start(struct session *session, const struct cli_arguments *arguments,
	unsigned needs, struct why *why)
{
	int ready[2];
	enum err err;

	if (pipe2(ready, O_CLOEXEC) == -1)
		return fail_sys(why, "cannot make a pipe");
	session->own_server = fork();
	if (session->own_server == -1) {
		session->own_server = 0;
		return fail_sys(why, "cannot start keeper");
	}
	if (session->own_server == 0) {
		(void)close(ready[0]);
		serve_for_us(arguments, needs, ready[1]);
		_exit(0);
	}
	(void)close(ready[1]);
	err = wait_ready(ready[0], why);
	(void)close(ready[0]);
	if (err == OK)
		err = control_connect(cli_data(arguments), &session->channel, why);
	return err;
}

enum err session_open(
	struct session *out, const struct cli_arguments *arguments, unsigned needs, struct why *why)
{
	enum err err;

	*out = (struct session){
		.channel = CHANNEL_CLOSED, .next_id = 1, .secret = cli_token(arguments)
	};
	out->reader = json_reader_new();
	err = control_connect(cli_data(arguments), &out->channel, why);
	if (err == ERR_NOT_FOUND)
		err = own_server_start(out, arguments, needs, why);
	if (err != OK)
		session_close(out);
	return err;
}

void session_close(struct session *session)
{
	channel_done(&session->channel);
	json_reader_free(&session->reader);
	buf_done(&session->answer);
	if (session->own_server > 0) {
		(void)kill(session->own_server, SIGTERM);
		while (waitpid(session->own_server, NULL, 0) == -1 && errno == EINTR)
			;
	}
	session->own_server = 0;
}

static enum err send_command(struct session *session, const char *command, struct str arguments,
	int fd, uint64_t *id, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);

	json_object_begin(&json);
	json_field_str(&json, "command", str_c(command));
	if (session->secret != NULL)
		json_field_str(&json, "secret", str_c(session->secret));
	json_key(&json, "arguments");
	json_put_raw(&json, arguments.n == 0 ? STR("{}") : arguments);
	json_object_end(&json);
	*id = session->next_id++;
	return channel_send_blocking(&session->channel,
		&(struct message){ MESSAGE_COMMAND, *id, buf_view(&text), fd }, -1, why);
}

/* The code that keeper named, and its words. */
static enum err refusal_of(struct json_node answer, struct why *why)
{
	struct str word;
	struct str text;

	if (!json_str(json_get(answer, "error"), &word) ||
		!json_str(json_get(answer, "why"), &text))
		return fail(why, ERR_CORRUPT, "keeper's answer has neither result nor reason");
	for (enum err code = ERR_USAGE; code < ERR_COUNT; code++) {
		if (!str_eq(str_c(err_word(code)), word))
			continue;
		why_set(why, code, 0, "%.*s", STR_FMT(text));
		(void)!json_u64(json_get(answer, "line"), &why->line);
		return code;
	}
	return fail(why, ERR_CORRUPT, "%.*s", STR_FMT(text));
}

enum err session_command(struct session *session, const char *command, struct str arguments, int fd,
	session_progress progress, void *state, struct json_node *result, struct why *why)
{
	struct json_node root;
	uint64_t id;
	bool is_ok = false;

	TRY(send_command(session, command, arguments, fd, &id, why));
	for (;;) {
		struct message message;

		TRY(channel_receive_blocking(&session->channel, &message, -1, why));
		buf_clear(&session->answer);
		buf_str(&session->answer, message.payload);

		bool is_ours = message.id == id;
		enum message_type type = message.type;

		message_done(&message);
		if (!is_ours || (type != MESSAGE_REPLY && type != MESSAGE_PROGRESS))
			continue;
		TRY(json_parse(session->reader, buf_view(&session->answer), &root, why));
		if (type == MESSAGE_REPLY)
			break;
		if (progress != NULL)
			progress(state, root);
	}
	if (!json_bool(json_get(root, "ok"), &is_ok) || !is_ok)
		return refusal_of(root, why);
	*result = json_get(root, "result");
	return OK;
}
