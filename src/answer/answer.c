/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/worker.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

struct answer_thread {
	pthread_t thread;
	struct worker worker;
	void (*run)(struct worker *worker);
};

struct answer {
	struct answer_settings settings;
	struct worker_shared shared;
	struct answer_stats *own_stats; /* when the settings bring none */
	int tcp_sockets[ANSWER_SOCKETS_MAX];
	size_t thread_count;
	struct answer_thread threads[ANSWER_WORKERS_MAX];
};

static void open_snapshot(struct worker *worker, int64_t now_ns)
{
	const char *path = worker->shared->settings->snapshot_path;
	struct pehra *newer = NULL;
	enum pehra_status status = pehra_open(path, PEHRA_OPEN_PLAIN, &newer);

	if (status != PEHRA_OK) {
		answer_count(worker->responder.stats, COUNT_RELOAD_FAILURES);
		if (!atomic_exchange(&worker->shared->has_told_failure, true))
			log_event(LOG_WARNING, "snapshot_not_opened", LOG_C("path", path),
				LOG_C("why", pehra_status_text(status)));
		worker->retry_ns = now_ns + (int64_t)WORKER_RETRY_MS * 1000000;
		return;
	}
	atomic_store(&worker->shared->has_told_failure, false);
	pehra_close(worker->snapshot);
	worker->snapshot = newer;
	worker->responder.snapshot = newer;
	answer_count(worker->responder.stats, COUNT_RELOADS);
}

int64_t worker_refresh(struct worker *worker)
{
	const struct clock *clock = worker->shared->settings->clock;
	int64_t now_ns = clock_monotonic_ns(clock);
	struct pehra_info info = { 0 };

	worker->responder.now_s = clock_now_s(clock);
	if ((worker->snapshot == NULL || pehra_superseded(worker->snapshot)) &&
		now_ns >= worker->retry_ns)
		open_snapshot(worker, now_ns);
	if (worker->snapshot != NULL)
		pehra_info(worker->snapshot, &info);
	worker->responder.serial = (uint32_t)info.generation;
	atomic_store_explicit(
		&worker->responder.stats->generation, info.generation, memory_order_relaxed);
	atomic_store_explicit(
		&worker->responder.stats->changes, info.changes, memory_order_relaxed);
	return now_ns;
}

static struct answer_thread *add_thread(struct answer *answer, void (*run)(struct worker *worker))
{
	size_t index = answer->thread_count++;
	struct answer_thread *thread = &answer->threads[index];
	const struct answer_settings *settings = &answer->settings;

	must(index < ANSWER_WORKERS_MAX);
	thread->run = run;
	thread->worker = (struct worker){ .shared = &answer->shared,
		.responder = { .config = &answer->shared.respond,
			.stats = &settings->stats->workers[index] } };
	answer_limit_init(
		&thread->worker.limit, settings->rate_per_s, settings->burst, ANSWER_SLIP);
	return thread;
}

/* One thread for each UDP socket, one for all of TCP. */
static enum err plan_threads(struct answer *answer, struct why *why)
{
	const struct answer_settings *settings = &answer->settings;
	size_t tcp_count = 0;

	if (settings->socket_count == 0 || settings->socket_count >= ANSWER_SOCKETS_MAX)
		return fail(why, ERR_USAGE, "1 to %d sockets are served, not %zu",
			ANSWER_SOCKETS_MAX - 1, settings->socket_count);
	for (size_t i = 0; i < settings->socket_count; i++) {
		int type = 0;

		TRY(listen_prepare(settings->sockets[i], &type, why));
		if (type == SOCK_STREAM) {
			answer->tcp_sockets[tcp_count++] = settings->sockets[i];
			continue;
		}

		struct answer_thread *thread = add_thread(answer, worker_udp);

		thread->worker.sockets = &settings->sockets[i];
		thread->worker.socket_count = 1;
	}
	if (tcp_count > 0) {
		struct answer_thread *thread = add_thread(answer, worker_tcp);

		thread->worker.sockets = answer->tcp_sockets;
		thread->worker.socket_count = tcp_count;
	}
	return OK;
}

static void *thread_main(void *state)
{
	struct answer_thread *thread = state;

	worker_refresh(&thread->worker);
	thread->run(&thread->worker);
	pehra_close(thread->worker.snapshot);
	thread->worker.snapshot = NULL;
	return NULL;
}

static void start_threads(struct answer *answer)
{
	sigset_t all;
	sigset_t before;

	/* signals are for the role's main thread */
	sigfillset(&all);
	must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
	for (size_t i = 0; i < answer->thread_count; i++)
		must(pthread_create(&answer->threads[i].thread, NULL, thread_main,
			     &answer->threads[i]) == 0);
	must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

static void answer_free(struct answer *answer)
{
	for (size_t i = 0; i < answer->thread_count; i++) {
		answer_limit_done(&answer->threads[i].worker.limit);
		responder_done(&answer->threads[i].worker.responder);
	}
	access_done(&answer->shared.respond.access);
	access_done(&answer->shared.unlimited);
	free(answer->own_stats);
	free(answer);
}

static void take_settings(struct answer *answer, const struct answer_settings *settings)
{
	struct answer_settings *own = &answer->settings;

	*own = *settings;
	if (own->burst == 0)
		own->burst = 2 * own->rate_per_s;
	if (own->tcp_connections == 0 || own->tcp_connections > ANSWER_TCP_CONNECTIONS)
		own->tcp_connections = ANSWER_TCP_CONNECTIONS;
	if (own->tcp_per_client == 0)
		own->tcp_per_client = ANSWER_TCP_PER_CLIENT;
	if (own->tcp_idle_ms == 0)
		own->tcp_idle_ms = ANSWER_TCP_IDLE_MS;
	if (own->stats == NULL) {
		answer->own_stats = aligned_alloc(64, answer_stats_bytes());
		must(answer->own_stats != NULL);
		memset(answer->own_stats, 0, answer_stats_bytes());
		own->stats = answer->own_stats;
	}
	answer->shared.settings = own;
	answer->shared.respond.public_url = own->public_url;
	answer->shared.respond.server_addresses = own->server_addresses;
	answer->shared.respond.server_address_count = own->server_address_count;
	access_init(&answer->shared.respond.access, own->access, own->access_count);
	access_init(&answer->shared.unlimited, own->unlimited, own->unlimited_count);
}

static enum err prepare(struct answer *answer, struct why *why)
{
	const struct answer_settings *settings = &answer->settings;

	TRY(zones_init(&answer->shared.respond.zones, settings->zone, settings->name_server, why));
	if (settings->rate_per_s > LIMIT_RATE_MAX || settings->burst > LIMIT_RATE_MAX)
		return fail(why, ERR_USAGE, "a rate limit is at most %u queries", LIMIT_RATE_MAX);
	return plan_threads(answer, why);
}

enum err answer_start(const struct answer_settings *settings, struct answer **out, struct why *why)
{
	struct answer *answer = aligned_alloc(64, (sizeof *answer + 63) / 64 * 64);
	enum err err;

	*out = NULL;
	must(answer != NULL);
	memset(answer, 0, sizeof *answer);
	take_settings(answer, settings);
	err = prepare(answer, why);
	if (err != OK) {
		answer_free(answer);
		return err;
	}
	answer->settings.stats->version = ANSWER_STATS_VERSION;
	atomic_store(&answer->settings.stats->worker_count, (uint32_t)answer->thread_count);
	start_threads(answer);
	*out = answer;
	return OK;
}

void answer_stop(struct answer **answer)
{
	struct answer *stopping = *answer;

	if (stopping == NULL)
		return;
	atomic_store(&stopping->shared.is_stopping, true);
	for (size_t i = 0; i < stopping->thread_count; i++)
		must(pthread_join(stopping->threads[i].thread, NULL) == 0);
	answer_free(stopping);
	*answer = NULL;
}

enum err answer_run(const struct answer_settings *settings, int stop_fd, struct why *why)
{
	CLEANUP(answer_stop) struct answer *answer = NULL;
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };

	TRY(answer_start(settings, &answer, why));
	while (poll(&stop, 1, -1) == -1) {
		if (errno != EINTR)
			return fail_sys(why, "cannot wait for the stop");
	}
	return OK;
}
