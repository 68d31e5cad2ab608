/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/web_int.h"

void queue_start(struct queue *queue)
{
	must(pthread_mutex_init(&queue->mutex, NULL) == 0);
	must(pthread_cond_init(&queue->not_empty, NULL) == 0);
}

bool queue_put(struct queue *queue, struct request *request)
{
	bool fits;

	must(pthread_mutex_lock(&queue->mutex) == 0);
	fits = !queue->is_closed && queue->n < QUEUE_MAX;
	if (fits) {
		request->next = NULL;
		if (queue->first == NULL)
			queue->first = request;
		else
			queue->last->next = request;
		queue->last = request;
		queue->n++;
		must(pthread_cond_signal(&queue->not_empty) == 0);
	}
	must(pthread_mutex_unlock(&queue->mutex) == 0);
	return fits;
}

struct request *queue_take(struct queue *queue)
{
	struct request *request;

	must(pthread_mutex_lock(&queue->mutex) == 0);
	while (queue->first == NULL && !queue->is_closed)
		must(pthread_cond_wait(&queue->not_empty, &queue->mutex) == 0);
	request = queue->first;
	if (request != NULL) {
		queue->first = request->next;
		queue->n--;
	}
	must(pthread_mutex_unlock(&queue->mutex) == 0);
	return request;
}

void queue_close(struct queue *queue)
{
	must(pthread_mutex_lock(&queue->mutex) == 0);
	queue->is_closed = true;
	must(pthread_cond_broadcast(&queue->not_empty) == 0);
	must(pthread_mutex_unlock(&queue->mutex) == 0);
}

void queue_done(struct queue *queue)
{
	must(pthread_cond_destroy(&queue->not_empty) == 0);
	must(pthread_mutex_destroy(&queue->mutex) == 0);
}
