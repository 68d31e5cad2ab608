/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Work that reads the whole store, in a process of its own: dry runs and learning. Forked from
 * keeper as the building of a snapshot is, with a connection of its own that may only read; what it
 * found comes back as JSON, and keeper acts on it. One at a time; a few wait.
 *
 * What is too much for a pipe goes into a file of the spool, which whoever waits reads and removes.
 */
#pragma once

#include "channel/channel.h"
#include "keeper/keeper.h"

#include <sys/types.h>

enum { TASKS_WAITING_MAX = 16, TASK_RESULT_MAX = 1 << 20 };

struct service;
struct task;

/* In the process of its own: appends the result, JSON. now_s: when the task began. */
typedef enum err (*task_work)(const struct keeper *keeper, const struct task *task, struct db *db,
	int64_t now_s, struct buf *result, struct why *why);
/*
 * In keeper: does what follows, and answers. result is NULL when the task failed, with why. The
 * task is the callee's: task_free() it, or hand its asker on to a task that follows.
 */
typedef void (*task_over)(struct service *service, struct task *task, const struct str *result,
	const struct why *why);

struct task {
	const char *name; /* for the log */
	task_work work;
	task_over over;
	struct channel *asker; /* NULL: nobody waits, or who did is gone */
	uint64_t asker_id;
	int64_t number; /* of a policy or a model; 0: none is named */
	bool flag;
	struct buf text; /* what the work needs besides */
};

struct tasks {
	struct task *rows[TASKS_WAITING_MAX]; /* the first is at work when pid is not 0 */
	size_t n;
	pid_t pid;
	int result; /* read end of the pipe on which it tells what it found */
	struct buf received;
	int64_t started_ns;
};

/* ERR_BUSY: so many wait already. The task is taken in any case. */
NODISCARD enum err task_add(struct service *service, struct task *task, struct why *why);
/* The same, ahead of all that wait: what follows from one that was at work. Never refused. */
void task_add_next(struct service *service, struct task *task);
struct task *task_new(const char *name, task_work work, task_over over);
void task_free(struct task *task);

/* An answer to whoever waits: {"ok":true,"result":<result>}, or why not. */
void task_answer(struct service *service, const struct task *task, const struct str *result,
	const struct why *why);

/* Starts the first when none is at work; for every turn of the loop. */
void tasks_turn(struct service *service);
/* Called when tasks.result is readable. */
void tasks_read(struct service *service);
void tasks_asker_lost(struct service *service, const struct channel *asker);
/* Ends what is at work and forgets what waits; for stopping. */
void tasks_cancel(struct service *service);
