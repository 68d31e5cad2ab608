# SPDX-License-Identifier: GPL-3.0-or-later
# A thin face over meson and scripts/; each recipe is one script or one command.
SECONDS ?= 60
TARGET ?=
NAME ?=
DESTDIR ?=

.PHONY: build run test check bench bench-score scenario fuzz guard-update man-update install clean

build:
	@scripts/build

# Installs what is missing, builds, fills ./var with the sample feeds and serves on loopback.
run:
	@scripts/run

# Everything CI checks; the last line counts.
test:
	@scripts/test

# The part of it that needs no build.
check:
	@scripts/test lint

# Measures beside real peers; NAME=x runs one. Figures go to build/results/.
bench:
	@scripts/bench $(NAME)

# The proof of the score: made histories with known truth, beside what others do.
bench-score:
	@scripts/bench score

scenario:
	@scripts/scenario $(NAME)

# Each fuzz target for SECONDS; TARGET=x runs one. Findings go to build-fuzz/findings/.
fuzz:
	@scripts/fuzz $(SECONDS) $(TARGET)

# Notes the instructions that the guards cost now.
guard-update: build
	@scripts/check-instructions build --update

# Writes the table of settings into pehra.conf(5).
man-update: build
	@build/test/man/test_man_config --write man/pehra.conf.5

install: build
	@DESTDIR=$(DESTDIR) meson install -C build --no-rebuild

clean:
	rm -rf build build-*
