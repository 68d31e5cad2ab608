/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/parent.h"

#include "base/io.h"
#include "base/log.h"
#include "proc/parent_int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000, IDLE_MS = 60000 };

static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

static enum err signals_open(int *out, struct why *why)
{
	sigset_t set;

	must(sigemptyset(&set) == 0);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		must(sigaddset(&set, signals[i]) == 0);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
		sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) == -1)
		return fail_sys(why, "cannot block signals");
	*out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *out == -1 ? fail_sys(why, "cannot take signals") : OK;
}

static void stop(struct parent *parent)
{
	int stop_ms = parent->options->stop_ms > 0 ? parent->options->stop_ms : PARENT_STOP_MS;

	/* who asks a second time does not want to wait */
	parent->is_killing = parent->is_stopping;
	if (parent->is_stopping)
		return;
	parent->is_stopping = true;
	parent->stop_at_ns =
		clock_monotonic_ns(parent->options->clock) + (int64_t)stop_ms * NS_PER_MS;
	log_event(LOG_NOTICE, "stopping", LOG_I("deadline_ms", stop_ms));
	notify_say(&parent->notify, NOTIFY_STOPPING);
	for (size_t i = 0; i < parent->instance_count; i++) {
		struct instance *instance = &parent->instances[i];

		if (instance_is_up(instance) &&
			channel_send_text(&instance->channel, MESSAGE_STOP, 0, STR(""), NULL) != OK)
			instance_kill(instance);
	}
}

static void reload(struct parent *parent)
{
	struct why why;

	notify_reloading(&parent->notify, clock_monotonic_ns(NULL));
	if (parent->options->reload(parent->options->state, &why) != OK) {
		log_why(LOG_ERROR, "reload_failed", &why);
	} else {
		log_event(LOG_NOTICE, "reloaded", LOG_U("roles", parent->instance_count));
		for (size_t i = 0; i < parent->instance_count; i++)
			parent->instances[i].is_owed_settings = true;
	}
	notify_say(&parent->notify, NOTIFY_READY);
}

static void take_signals(struct parent *parent, int signal_fd)
{
	struct signalfd_siginfo info;

	while (read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP)
			reload(parent);
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(parent);
	}
}

static void note_ready(struct parent *parent)
{
	for (size_t i = 0; i < parent->instance_count; i++)
		if (parent->instances[i].state != INSTANCE_READY)
			return;
	parent->was_ready = true;
	log_event(LOG_NOTICE, "ready", LOG_U("roles", parent->instance_count),
		LOG_C("data", parent->options->data));
	notify_say(&parent->notify, NOTIFY_READY);
	if (parent->options->ready != NULL)
		parent->options->ready(parent->options->state);
}

/* What is due now; returns how long poll() may wait. */
static int do_due(struct parent *parent)
{
	int64_t now_ns = clock_monotonic_ns(parent->options->clock);
	int64_t next_ns = now_ns + (int64_t)IDLE_MS * NS_PER_MS;

	if (parent->notify.watchdog_ms > 0) {
		if (parent->alive_at_ns <= now_ns) {
			notify_say(&parent->notify, NOTIFY_ALIVE);
			parent->alive_at_ns = now_ns + parent->notify.watchdog_ms * NS_PER_MS;
		}
		next_ns = parent->alive_at_ns;
	}
	if (parent->is_stopping && parent->stop_at_ns <= now_ns)
		parent->is_killing = true;
	if (parent->is_stopping && !parent->is_killing && parent->stop_at_ns < next_ns)
		next_ns = parent->stop_at_ns;
	for (size_t i = 0; i < parent->instance_count; i++) {
		struct instance *instance = &parent->instances[i];

		if (parent->is_killing)
			instance_kill(instance);
		if (!parent->is_stopping && !instance_is_up(instance)) {
			if (instance->start_at_ns <= now_ns)
				instance_start(parent, instance);
			if (!instance_is_up(instance) && instance->start_at_ns < next_ns)
				next_ns = instance->start_at_ns;
		}
	}
	for (size_t i = 0; i < parent->instance_count; i++)
		instance_tell(parent, &parent->instances[i]);
	/* rounded up, so that it is due when poll() returns */
	return next_ns <= now_ns ? 0 : (int)((next_ns - now_ns) / NS_PER_MS) + 1;
}

static bool has_children(const struct parent *parent)
{
	for (size_t i = 0; i < parent->instance_count; i++)
		if (instance_is_up(&parent->instances[i]))
			return true;
	return false;
}

static enum err turn(struct parent *parent, int signal_fd, struct why *why)
{
	struct pollfd rows[INSTANCES_MAX + 1] = { { signal_fd, POLLIN, 0 } };
	int timeout_ms = do_due(parent);

	for (size_t i = 0; i < parent->instance_count; i++) {
		const struct channel *channel = &parent->instances[i].channel;

		/* poll() skips -1 */
		rows[i + 1] = (struct pollfd){ channel_is_open(channel) ? channel->fd : -1,
			channel_events(channel), 0 };
	}
	if (poll(rows, parent->instance_count + 1, timeout_ms) == -1 && errno != EINTR)
		return fail_sys(why, "cannot poll");
	for (size_t i = 0; i < parent->instance_count; i++)
		if (rows[i + 1].revents != 0)
			instance_read(parent, &parent->instances[i], rows[i + 1].revents);
	if (rows[0].revents != 0)
		take_signals(parent, signal_fd);
	for (size_t i = 0; i < parent->instance_count; i++)
		instance_reap(parent, &parent->instances[i]);
	if (parent->is_hopeless && !parent->is_stopping)
		stop(parent);
	if (!parent->was_ready && !parent->is_stopping)
		note_ready(parent);
	return OK;
}

static void parent_done(struct parent *parent)
{
	for (size_t i = 0; i < parent->instance_count; i++) {
		instance_kill(&parent->instances[i]);
		channel_done(&parent->instances[i].channel);
	}
	inherit_done(&parent->inherited);
	notify_done(&parent->notify);
	buf_done(&parent->generation);
}

static void list_instances(struct parent *parent)
{
	for (size_t i = 0; i < parent->options->role_count; i++) {
		const struct process_role *role = &parent->options->roles[i];

		must(role->instances <= ROLE_INSTANCES_MAX);
		for (unsigned k = 0; k < role->instances; k++) {
			must(parent->instance_count < INSTANCES_MAX);
			parent->instances[parent->instance_count++] = (struct instance){
				.role = role, .index = k, .channel = CHANNEL_CLOSED
			};
		}
	}
}

enum err parent_run(const struct parent_options *options, struct why *why)
{
	CLEANUP(parent_done) struct parent parent = { .options = options, .notify.fd = -1 };
	CLEANUP(fd_close) int signal_fd = -1;

	list_instances(&parent);
	notify_init(&parent.notify);
	TRY(inherit_open_all(
		&parent.inherited, options->inherits, options->inherit_count, options->data, why));
	TRY(signals_open(&signal_fd, why));
	if (options->is_single)
		log_event(LOG_WARNING, "single",
			LOG_C("why", "all roles run in one process, without sandbox"));
	while (!parent.is_stopping || has_children(&parent)) {
		TRY(turn(&parent, signal_fd, why));
		/* a thread cannot be killed */
		if (parent.is_killing && options->is_single)
			return fail(why, ERR_TIMEOUT, "roles did not stop in time");
	}
	log_event(LOG_NOTICE, "stopped", LOG_U("roles", parent.instance_count));
	if (parent.is_hopeless)
		return fail(why, ERR_USAGE, "a role cannot work with these settings; see the log");
	return OK;
}
