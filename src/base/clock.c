/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

static const int64_t TIME_MAX_S = 7258118400; /* 2200-01-01 */

int64_t clock_now_s(const struct clock *clock)
{
	struct timespec now;

	if (clock != NULL && clock->now_s != NULL)
		return clock->now_s(clock->state);
	must(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return now.tv_sec;
}

int64_t clock_monotonic_ns(const struct clock *clock)
{
	struct timespec now;

	if (clock != NULL && clock->monotonic_ns != NULL)
		return clock->monotonic_ns(clock->state);
	must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void time_format(struct buf *out, int64_t time_s)
{
	time_t t = time_s;
	struct tm tm;

	must(gmtime_r(&t, &tm) != NULL);
	buf_fmt(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void date_format(struct buf *out, int64_t time_s)
{
	time_t t = time_s;
	struct tm tm;

	must(gmtime_r(&t, &tm) != NULL);
	buf_fmt(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

/* Exactly n digits at the head of *rest. */
static bool take_digits(struct str *rest, size_t n, int *out)
{
	uint64_t value;

	if (rest->n < n || !parse_u64(str_first(*rest, n), &value))
		return false;
	*rest = str_from_index(*rest, n);
	*out = (int)value;
	return true;
}

static bool take_byte(struct str *rest, char c)
{
	if (rest->n == 0 || rest->p[0] != c)
		return false;
	*rest = str_from_index(*rest, 1);
	return true;
}

static bool take_offset(struct str *rest, int64_t *offset_s)
{
	int hours;
	int minutes;
	bool west = rest->n > 0 && rest->p[0] == '-';

	*offset_s = 0;
	if (rest->n == 0 || take_byte(rest, 'Z') || take_byte(rest, 'z'))
		return true;
	if (str_eq(*rest, STR(" UTC"))) {
		*rest = str_from_index(*rest, 4);
		return true;
	}
	if (!take_byte(rest, west ? '-' : '+') || !take_digits(rest, 2, &hours))
		return false;
	(void)take_byte(rest, ':');
	if (!take_digits(rest, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_s = ((int64_t)hours * HOUR_S + (int64_t)minutes * MINUTE_S) * (west ? -1 : 1);
	return true;
}

static bool take_time_of_day(struct str *rest, struct tm *tm)
{
	if (!take_digits(rest, 2, &tm->tm_hour) || !take_byte(rest, ':') ||
		!take_digits(rest, 2, &tm->tm_min))
		return false;
	if (take_byte(rest, ':') && !take_digits(rest, 2, &tm->tm_sec))
		return false;
	if (take_byte(rest, '.')) {
		size_t digits = 0;

		while (rest->n > 0 && byte_is_digit(rest->p[0])) {
			*rest = str_from_index(*rest, 1);
			digits++;
		}
		if (digits == 0)
			return false;
	}
	return tm->tm_hour <= 23 && tm->tm_min <= 59 && tm->tm_sec <= 60;
}

bool time_parse(struct str s, int64_t *out_s)
{
	struct tm tm = { 0 };
	struct str rest = s;
	uint64_t seconds;
	int64_t offset_s = 0;

	if (s.n >= 9 && parse_u64(s, &seconds)) {
		*out_s = (int64_t)seconds;
		return seconds < (uint64_t)TIME_MAX_S;
	}
	if (!take_digits(&rest, 4, &tm.tm_year) || !take_byte(&rest, '-') ||
		!take_digits(&rest, 2, &tm.tm_mon) || !take_byte(&rest, '-') ||
		!take_digits(&rest, 2, &tm.tm_mday))
		return false;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
		tm.tm_mday > 31)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (rest.n > 0) {
		if (!take_byte(&rest, 'T') && !take_byte(&rest, 't') && !take_byte(&rest, ' '))
			return false;
		if (!take_time_of_day(&rest, &tm) || !take_offset(&rest, &offset_s))
			return false;
	}

	int day = tm.tm_mday;
	int64_t time_s = timegm(&tm);

	/* timegm carries 31 February over into March: such a date does not exist */
	if (rest.n != 0 || tm.tm_mday != day)
		return false;
	*out_s = time_s - offset_s;
	return *out_s >= 0 && *out_s < TIME_MAX_S;
}

bool duration_parse(struct str s, int64_t *out_s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', MINUTE_S }, { 'h', HOUR_S }, { 'd', DAY_S },
		{ 'w', INT64_C(7) * DAY_S } };
	uint64_t number;

	if (s.n < 2 || !parse_u64(str_first(s, s.n - 1), &number) || number > INT32_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit == s.p[s.n - 1]) {
			*out_s = (int64_t)number * units[i].seconds;
			return true;
		}
	}
	return false;
}
