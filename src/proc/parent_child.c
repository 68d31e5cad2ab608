/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/io.h"
#include "base/json_write.h"
#include "base/log.h"
#include "proc/parent_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000, ARGUMENTS_MAX = 16 };

static const char *const state_words[] = {
	[INSTANCE_DOWN] = "down",
	[INSTANCE_STARTING] = "starting",
	[INSTANCE_READY] = "ready",
};
_Static_assert(ARRAY_LEN(state_words) == INSTANCE_STATES, "one word per state");

static void set_state(struct parent *parent, struct instance *instance, enum instance_state state)
{
	instance->state = state;
	instance->since_s = clock_now_s(parent->options->clock);
	health_changed(parent);
}

void health_changed(struct parent *parent)
{
	for (size_t i = 0; i < parent->instance_count; i++)
		parent->instances[i].is_owed_health = true;
}

static void put_parts(struct json_writer *json, const char *key, uint32_t parts)
{
	json_key(json, key);
	json_array_begin(json);
	for (unsigned part = 0; part < SANDBOX_PARTS; part++)
		if ((parts >> part & 1) != 0)
			json_put_str(json, str_c(sandbox_part_word((enum sandbox_part)part)));
	json_array_end(json);
}

static void put_health(const struct parent *parent, struct buf *out)
{
	struct json_writer json = json_writer_on(out);

	json_object_begin(&json);
	json_field_bool(&json, "single", parent->options->is_single);
	json_key(&json, "roles");
	json_array_begin(&json);
	for (size_t i = 0; i < parent->instance_count; i++) {
		const struct instance *row = &parent->instances[i];

		json_object_begin(&json);
		json_field_str(&json, "role", str_c(process_word(row->role->process)));
		json_field_u64(&json, "index", row->index);
		json_field_str(&json, "state", str_c(state_words[row->state]));
		json_field_i64(&json, "since", row->since_s);
		json_field_i64(&json, "pid", row->pid);
		json_field_u64(&json, "restarts", row->restarts);
		json_field_bool(&json, "failing", backoff_is_loop(&row->backoff));
		put_parts(&json, "sandbox", row->sandbox.active);
		put_parts(&json, "sandbox_missing", row->sandbox.missing);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
}

/* In the new process, between fork and exec. */
static void exec_role(const struct parent *parent, const struct instance *instance, int fd)
{
	const struct parent_options *options = parent->options;
	char index[16];
	char log_most[16];
	char *arguments[ARGUMENTS_MAX];
	size_t n = 0;
	const char *words[] = { "pehra", "--role", process_word(instance->role->process), "--index",
		index, "--data", options->data, "--sandbox", sandbox_mode_word(options->sandbox),
		"--log", log_most, options->user == NULL ? NULL : "--user", options->user,
		options->has_network_store ? "--store-network" : NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)snprintf(index, sizeof index, "%u", instance->index);
	(void)snprintf(log_most, sizeof log_most, "%u",
		options->log_most == 0 ? LOG_INFO : options->log_most);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i] != NULL)
			arguments[n++] = (char *)(uintptr_t)words[i];
	arguments[n] = NULL;
	/* dup2() onto itself would leave close-on-exec set */
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1 ||
		(fd == ROLE_CHANNEL_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, ROLE_CHANNEL_FD)) == -1 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		_exit(CHILD_EXIT_FAILED);
	(void)close_range(ROLE_CHANNEL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	(void)execv("/proc/self/exe", arguments);
	_exit(CHILD_EXIT_FAILED);
}

struct thread_start {
	const struct process_role *role;
	unsigned index;
	int fd;
	const char *data;
	const struct clock *clock;
};

static void *thread_main(void *argument)
{
	struct thread_start start = *(struct thread_start *)argument;
	CLEANUP(child_done) struct child child;
	struct why why;

	free(argument);
	if (child_begin(&child, start.role->process, start.index, start.fd, &why) != OK) {
		log_why(LOG_ERROR, "role_failed", &why);
		return NULL;
	}
	child.data = start.data;
	child.clock = start.clock;
	(void)start.role->main(&child);
	return NULL;
}

static enum err launch_thread(
	struct parent *parent, struct instance *instance, int *fd, struct why *why)
{
	struct thread_start *start = malloc(sizeof *start);

	must(start != NULL);
	*start = (struct thread_start){ instance->role, instance->index, *fd, parent->options->data,
		parent->options->clock };
	errno = pthread_create(&instance->thread, NULL, thread_main, start);
	if (errno != 0) {
		free(start);
		return fail_sys(why, "cannot start a thread");
	}
	*fd = -1;
	return OK;
}

static enum err launch_process(
	struct parent *parent, struct instance *instance, int *fd, struct why *why)
{
	pid_t pid = fork();

	if (pid == -1)
		return fail_sys(why, "cannot start a process");
	if (pid == 0)
		exec_role(parent, instance, *fd);
	instance->pid = pid;
	return OK;
}

static enum err hand_over(struct parent *parent, struct instance *instance, struct why *why)
{
	uint32_t self = UINT32_C(1) << instance->role->process;
	CLEANUP(buf_done) struct buf text = { 0 };

	for (size_t i = 0; i < parent->inherited.n; i++) {
		const struct inherit_open *item = &parent->inherited.items[i];
		bool is_reader = (item->row->to & self) == 0 && (item->row->to_read & self) != 0;

		if ((item->row->to & self) == 0 && !is_reader)
			continue;
		buf_clear(&text);
		buf_fmt(&text, "%s %u", item->row->name, item->index);
		TRY(channel_send(&instance->channel,
			&(struct message){ .type = MESSAGE_INHERIT,
				.payload = buf_view(&text),
				.fd = is_reader ? item->read_fd : item->fd },
			why));
	}
	buf_clear(&text);
	parent->options->settings(parent->options->state, instance->role->process, &text);
	return channel_send_text(&instance->channel, MESSAGE_HERITAGE, 0, buf_view(&text), why);
}

static enum err send_peer(struct instance *to, const struct instance *peer, int fd, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	buf_fmt(&text, "%s %u", process_word(peer->role->process), peer->index);
	return channel_send(&to->channel,
		&(struct message){ .type = MESSAGE_PEER, .payload = buf_view(&text), .fd = fd },
		why);
}

static enum err connect_pair(struct instance *a, struct instance *b, struct why *why)
{
	CLEANUP(fd_close) int a_end = -1;
	CLEANUP(fd_close) int b_end = -1;
	int fds[2];

	TRY(channel_pair(fds, why));
	a_end = fds[0];
	b_end = fds[1];
	TRY(send_peer(a, b, a_end, why));
	return send_peer(b, a, b_end, why);
}

static bool are_linked(enum process a, enum process b)
{
	for (size_t i = 0; i < ROLE_LINKS; i++)
		if ((role_links[i].a == a && role_links[i].b == b) ||
			(role_links[i].a == b && role_links[i].b == a))
			return true;
	return false;
}

static enum err connect_peers(struct parent *parent, struct instance *instance, struct why *why)
{
	for (size_t i = 0; i < parent->instance_count; i++) {
		struct instance *other = &parent->instances[i];

		if (other != instance && instance_is_up(other) &&
			channel_is_open(&other->channel) &&
			are_linked(other->role->process, instance->role->process))
			TRY(connect_pair(instance, other, why));
	}
	return OK;
}

static enum err start(struct parent *parent, struct instance *instance, struct why *why)
{
	CLEANUP(fd_close) int theirs = -1;
	int fds[2];

	TRY(channel_pair(fds, why));
	theirs = fds[1];
	channel_init(&instance->channel, fds[0], PROCESS_PARENT, instance->role->process, NULL);
	if (parent->options->is_single)
		TRY(launch_thread(parent, instance, &theirs, why));
	else
		TRY(launch_process(parent, instance, &theirs, why));
	instance->started_ns = clock_monotonic_ns(parent->options->clock);
	instance->is_owed_settings = false;
	instance->is_owed_generation = parent->generation.n > 0;
	set_state(parent, instance, INSTANCE_STARTING);
	return OK;
}

static int64_t wait_after_death(struct parent *parent, struct instance *instance)
{
	int64_t now_ns = clock_monotonic_ns(parent->options->clock);
	int64_t lived_ms = (now_ns - instance->started_ns) / NS_PER_MS;
	const struct backoff_times *times = parent->options->backoff != NULL
						    ? parent->options->backoff
						    : &backoff_times_default;
	int64_t wait_ms = backoff_death(&instance->backoff, times, lived_ms);

	instance->start_at_ns = now_ns + wait_ms * NS_PER_MS;
	return wait_ms;
}

void instance_start(struct parent *parent, struct instance *instance)
{
	struct why why;

	if (start(parent, instance, &why) != OK) {
		channel_done(&instance->channel);
		log_why(LOG_ERROR, "role_not_started", &why);
		instance->started_ns = clock_monotonic_ns(parent->options->clock);
		(void)wait_after_death(parent, instance);
		return;
	}
	log_event(LOG_INFO, "role_started", LOG_C("name", process_word(instance->role->process)),
		LOG_U("index", instance->index), LOG_I("pid", instance->pid));
	/* a heritage that cannot be handed over ends the child, which is then started again */
	if (hand_over(parent, instance, &why) != OK ||
		connect_peers(parent, instance, &why) != OK) {
		log_why(LOG_ERROR, "heritage_failed", &why);
		instance_kill(instance);
	}
}

void instance_kill(struct instance *instance)
{
	if (instance->pid > 0)
		(void)kill(instance->pid, SIGKILL);
}

/* How it ended, for the log: "signal 9", "exit 1". */
static void describe_end(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		(void)snprintf(out, size, "signal %d%s", WTERMSIG(status),
			WTERMSIG(status) == SIGSYS ? " (a system call outside its rights)" : "");
	else
		(void)snprintf(out, size, "exit %d", WEXITSTATUS(status));
}

static void log_death(struct parent *parent, struct instance *instance, const char *how)
{
	int64_t wait_ms = wait_after_death(parent, instance);
	bool is_loop = backoff_is_loop(&instance->backoff);

	log_event(is_loop ? LOG_ERROR : LOG_WARNING, is_loop ? "role_failing" : "role_died",
		LOG_C("name", process_word(instance->role->process)),
		LOG_U("index", instance->index), LOG_I("pid", instance->pid), LOG_C("how", how),
		LOG_U("deaths", instance->backoff.deaths), LOG_I("again_in_ms", wait_ms));
	instance->restarts++;
}

/* True when the thread or process is gone. */
static bool has_ended(struct parent *parent, struct instance *instance, int *status)
{
	*status = 0;
	if (!parent->options->is_single)
		return waitpid(instance->pid, status, WNOHANG) == instance->pid;
	/* a thread closes its end last of all */
	if (channel_is_open(&instance->channel))
		return false;
	(void)pthread_join(instance->thread, NULL);
	return true;
}

void instance_reap(struct parent *parent, struct instance *instance)
{
	char how[80];
	int status;

	if (!instance_is_up(instance) || !has_ended(parent, instance, &status))
		return;
	/* what it said last still counts */
	instance_read(parent, instance, POLLIN);
	describe_end(status, how, sizeof how);
	if (!parent->is_stopping)
		log_death(parent, instance, how);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_EXIT_HOPELESS && !parent->was_ready)
		parent->is_hopeless = true;
	channel_done(&instance->channel);
	instance->pid = 0;
	instance->sandbox = (struct sandbox_status){ 0 };
	set_state(parent, instance, INSTANCE_DOWN);
}

static void take_generation(struct parent *parent, struct str payload)
{
	buf_clear(&parent->generation);
	buf_str(&parent->generation, payload);
	for (size_t i = 0; i < parent->instance_count; i++)
		parent->instances[i].is_owed_generation = true;
}

static void take_message(
	struct parent *parent, struct instance *instance, const struct message *message)
{
	if (message->type == MESSAGE_GENERATION) {
		take_generation(parent, message->payload);
	} else if (message->type == MESSAGE_READY && instance->state == INSTANCE_STARTING &&
		   sandbox_status_parse(message->payload, &instance->sandbox)) {
		set_state(parent, instance, INSTANCE_READY);
		log_event(LOG_INFO, "role_ready",
			LOG_C("name", process_word(instance->role->process)),
			LOG_U("index", instance->index));
	} else if (message->type == MESSAGE_PING) {
		(void)!channel_send_text(
			&instance->channel, MESSAGE_PONG, message->id, message->payload, NULL);
	}
}

void instance_read(struct parent *parent, struct instance *instance, short revents)
{
	struct message message;
	struct why why;
	enum err err = OK;

	if ((revents & POLLOUT) != 0)
		err = channel_write(&instance->channel, &why);
	if (err == OK && (revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		err = channel_read(&instance->channel, &why);
	while (channel_next(&instance->channel, &message)) {
		take_message(parent, instance, &message);
		message_done(&message);
	}
	if (err != OK && err != ERR_CLOSED)
		log_why(LOG_ERROR, "role_misbehaves", &why);
	/* without a channel it is of no use; most often it is dead already */
	if (err != OK)
		instance_kill(instance);
}

static bool tell(struct instance *instance, enum message_type type, struct str text)
{
	return channel_send_text(&instance->channel, type, 0, text, NULL) == OK;
}

static bool may_receive(const struct instance *instance, enum message_type type)
{
	return (message_rules[type].to >> instance->role->process & 1) != 0;
}

void instance_tell(struct parent *parent, struct instance *instance)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	if (!instance_is_up(instance) || channel_is_full(&instance->channel))
		return;
	if (instance->is_owed_settings) {
		parent->options->settings(parent->options->state, instance->role->process, &text);
		instance->is_owed_settings = !tell(instance, MESSAGE_RELOAD, buf_view(&text));
	}
	if (instance->is_owed_generation && may_receive(instance, MESSAGE_GENERATION))
		instance->is_owed_generation =
			!tell(instance, MESSAGE_GENERATION, buf_view(&parent->generation));
	if (instance->is_owed_health && may_receive(instance, MESSAGE_HEALTH)) {
		buf_clear(&text);
		put_health(parent, &text);
		instance->is_owed_health = !tell(instance, MESSAGE_HEALTH, buf_view(&text));
	}
}
