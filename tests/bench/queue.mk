# The benchmark of queues; included by the Makefile.
$(BUILD)/bench/queue_load: tests/bench/queue_load.c $(BUILD)/libomni.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libomni.a $(LIBS_omni-queue)

bench-queue: all $(BUILD)/bench/queue_load
	BUILD=$(abspath $(BUILD)) tests/bench/queue.sh

# The same above ten million records that wait.
bench-queue-long:
	BENCH_WAITING=10000000 $(MAKE) bench-queue

# The whole pipeline from one queue to the store.
bench-inbound: all $(BUILD)/bench/make_corpus
	BUILD=$(abspath $(BUILD)) tests/bench/inbound.sh

.PHONY: bench-queue bench-queue-long bench-inbound
