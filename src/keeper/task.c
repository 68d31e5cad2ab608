/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/task.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "keeper/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TASK_NICE = 10, READ_BYTES = 64 * 1024, NS_PER_MS = 1000000 };

/* What stands before the result on the pipe. */
struct outcome {
	enum err err;
	struct why why;
};

struct task *task_new(const char *name, task_work work, task_over over)
{
	struct task *task = calloc(1, sizeof *task);

	must(task != NULL);
	*task = (struct task){ .name = name, .work = work, .over = over };
	return task;
}

void task_free(struct task *task)
{
	buf_done(&task->text);
	free(task);
}

enum err task_add(struct service *service, struct task *task, struct why *why)
{
	struct tasks *tasks = &service->tasks;

	/* one place is kept for what follows from the one at work */
	if (tasks->n >= TASKS_WAITING_MAX - 1) {
		task_free(task);
		return fail(why, ERR_BUSY, "%d tasks wait already", TASKS_WAITING_MAX - 1);
	}
	tasks->rows[tasks->n++] = task;
	return OK;
}

void task_add_next(struct service *service, struct task *task)
{
	struct tasks *tasks = &service->tasks;

	must(tasks->pid == 0 && tasks->n < TASKS_WAITING_MAX);
	for (size_t i = tasks->n; i > 0; i--)
		tasks->rows[i] = tasks->rows[i - 1];
	tasks->rows[0] = task;
	tasks->n++;
}

void task_answer(struct service *service, const struct task *task, const struct str *result,
	const struct why *why)
{
	CLEANUP(buf_done) struct buf answer = { 0 };

	if (result == NULL)
		command_answer_error(&answer, why);
	else
		buf_fmt(&answer, "{\"ok\":true,\"result\":%.*s}", STR_FMT(*result));
	service_reply(service, task->asker, task->asker_id, buf_view(&answer));
}

static enum err work(
	const struct keeper *keeper, const struct task *task, struct buf *result, struct why *why)
{
	CLEANUP(db_close) struct db *db = NULL;
	CLEANUP(buf_done) struct buf url = { 0 };

	config_store_url(&keeper->config, &url);
	TRY(db_open(buf_c(&url), DB_READ_ONLY, &db, why));
	TRY(task->work(keeper, task, db, clock_now_s(keeper->clock), result, why));
	if (result->n > TASK_RESULT_MAX)
		return fail(why, ERR_LIMIT, "the result has more than %d bytes", TASK_RESULT_MAX);
	return OK;
}

/* The process of its own: nothing of keeper's but memory. */
static void work_in_child(const struct keeper *keeper, const struct task *task, int end)
{
	CLEANUP(buf_done) struct buf result = { 0 };
	struct outcome outcome = { 0 };
	struct why unheard;

	(void)!nice(TASK_NICE);
	outcome.err = work(keeper, task, &result, &outcome.why);
	if (fd_write_all(end, (struct str){ (const char *)&outcome, sizeof outcome }, &unheard) ==
			OK &&
		outcome.err == OK)
		(void)!fd_write_all(end, buf_view(&result), &unheard);
}

static enum err start(struct tasks *tasks, const struct keeper *keeper, struct why *why)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return fail_sys(why, "cannot make a pipe");
	tasks->pid = fork();
	if (tasks->pid == -1) {
		enum err err = fail_sys(why, "cannot start a process");

		(void)close(ends[0]);
		(void)close(ends[1]);
		tasks->pid = 0;
		return err;
	}
	if (tasks->pid == 0) {
		(void)close(ends[0]);
		work_in_child(keeper, tasks->rows[0], ends[1]);
		_exit(0);
	}
	(void)close(ends[1]);
	tasks->result = ends[0];
	tasks->started_ns = clock_monotonic_ns(keeper->clock);
	return OK;
}

/* The process is ended and waited for; what it said stays. */
static void reap(struct tasks *tasks)
{
	(void)kill(tasks->pid, SIGKILL);
	while (waitpid(tasks->pid, NULL, 0) == -1 && errno == EINTR)
		;
	(void)close(tasks->result);
	tasks->pid = 0;
}

/* Hands the first over to whoever acts on it. */
static void finish(struct service *service, const struct str *result, const struct why *why)
{
	struct tasks *tasks = &service->tasks;
	struct task *task = tasks->rows[0];

	tasks->n--;
	for (size_t i = 0; i < tasks->n; i++)
		tasks->rows[i] = tasks->rows[i + 1];
	task->over(service, task, result, why);
}

void tasks_turn(struct service *service)
{
	struct tasks *tasks = &service->tasks;
	struct why why;

	if (tasks->n > 0 && tasks->pid == 0 && start(tasks, &service->keeper, &why) != OK) {
		log_why(LOG_ERROR, "task_failed", &why);
		finish(service, NULL, &why);
	}
}

static enum err received(const struct buf *bytes, struct str *result, struct why *why)
{
	struct outcome outcome;

	if (bytes->n < sizeof outcome)
		return fail(why, ERR_CLOSED, "the process ended without a word");
	memcpy(&outcome, bytes->data, sizeof outcome);
	*why = outcome.why;
	*result = (struct str){ bytes->data + sizeof outcome, bytes->n - sizeof outcome };
	if (outcome.err == OK && result->n == 0)
		return fail(why, ERR_CLOSED, "the process ended before it was through");
	return outcome.err;
}

static void over(struct service *service)
{
	struct tasks *tasks = &service->tasks;
	CLEANUP(buf_done) struct buf bytes = tasks->received;
	int64_t took_ns = clock_monotonic_ns(service->keeper.clock) - tasks->started_ns;
	const char *name = tasks->rows[0]->name;
	struct str result;
	struct why why = { 0 };

	tasks->received = (struct buf){ 0 };
	reap(tasks);
	if (received(&bytes, &result, &why) != OK) {
		log_event(LOG_INFO, "task_refused", LOG_C("task", name), LOG_C("why", why.text));
		finish(service, NULL, &why);
		return;
	}
	log_event(LOG_INFO, "task_done", LOG_C("task", name),
		LOG_U("took_ms", (uint64_t)(took_ns / NS_PER_MS)));
	finish(service, &result, &why);
}

void tasks_read(struct service *service)
{
	struct tasks *tasks = &service->tasks;
	ssize_t n = read(tasks->result, buf_reserve(&tasks->received, READ_BYTES), READ_BYTES);

	if (n > 0)
		tasks->received.n += (size_t)n;
	if (n == 0 || (n == -1 && errno != EINTR) ||
		tasks->received.n > TASK_RESULT_MAX + sizeof(struct outcome))
		over(service);
}

void tasks_asker_lost(struct service *service, const struct channel *asker)
{
	struct tasks *tasks = &service->tasks;

	for (size_t i = 0; i < tasks->n; i++) {
		if (tasks->rows[i]->asker == asker)
			tasks->rows[i]->asker = NULL;
	}
}

void tasks_cancel(struct service *service)
{
	struct tasks *tasks = &service->tasks;

	if (tasks->pid != 0)
		reap(tasks);
	for (size_t i = 0; i < tasks->n; i++)
		task_free(tasks->rows[i]);
	buf_done(&tasks->received);
	*tasks = (struct tasks){ 0 };
}
