/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to parent*.c: the parent's state. parent.c has the loop and the signals, parent_child.c
 * the life of one child.
 */
#pragma once

#include "proc/notify.h"
#include "proc/parent.h"

#include <pthread.h>
#include <sys/types.h>

enum instance_state { INSTANCE_DOWN, INSTANCE_STARTING, INSTANCE_READY, INSTANCE_STATES };

enum { INSTANCES_MAX = 32 };

struct instance {
	const struct process_role *role;
	unsigned index;
	enum instance_state state;
	pid_t pid; /* 0 when down, or a thread */
	pthread_t thread;
	struct channel channel;
	struct backoff backoff;
	int64_t started_ns;
	int64_t start_at_ns; /* when down */
	int64_t since_s;     /* of the state */
	uint64_t restarts;
	struct sandbox_status sandbox;
	/* what it must be told as soon as its channel has room; only the newest counts */
	bool is_owed_health;
	bool is_owed_generation;
	bool is_owed_settings;
};

struct parent {
	const struct parent_options *options;
	struct inherit_set inherited;
	struct instance instances[INSTANCES_MAX];
	size_t instance_count;
	struct notify notify;
	struct buf generation; /* the last GENERATION of keeper */
	bool was_ready;
	bool is_stopping;
	bool is_killing;
	bool is_hopeless; /* a role cannot work with these settings */
	int64_t stop_at_ns;
	int64_t alive_at_ns; /* the next word to the watchdog */
};

/* Starts it, hands over its heritage and connects it to its peers. */
void instance_start(struct parent *parent, struct instance *instance);
/* Has it ended? Then it is down, and due to start again. */
void instance_reap(struct parent *parent, struct instance *instance);
/* Reads what it says. */
void instance_read(struct parent *parent, struct instance *instance, short revents);
/* Tells it what it is owed. */
void instance_tell(struct parent *parent, struct instance *instance);
void instance_kill(struct instance *instance);
/* Everybody who shows it is owed the new state of all roles. */
void health_changed(struct parent *parent);

static inline bool instance_is_up(const struct instance *instance)
{
	return instance->state != INSTANCE_DOWN;
}
