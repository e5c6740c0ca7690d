# The benchmark of images; included by the Makefile.  NODE_PATH may name where sharp is installed.
bench-media: all $(BUILD)/bench/spawn
	BUILD=$(abspath $(BUILD)) tests/bench/media.sh

.PHONY: bench-media
