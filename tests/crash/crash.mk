# `make crash` kills programs of real pipelines 300 times and looks for what is lost; CRASH_KILLS and CRASH_SEED say otherwise.
# Included by the Makefile.
CRASH_KILLS = 300
CRASH_SEED  = 1

crash: all
	BUILD=$(abspath $(BUILD)) tests/crash/rig --kills $(CRASH_KILLS) --seed $(CRASH_SEED)

.PHONY: crash

# The same for what is sent, with a record of what arrived.
crash-deliver: all
	BUILD=$(abspath $(BUILD)) tests/crash/deliver --kills $(CRASH_KILLS) --seed $(CRASH_SEED)

.PHONY: crash-deliver

# The same for notifications.
crash-push: all
	BUILD=$(abspath $(BUILD)) tests/crash/push --kills $(CRASH_KILLS) --seed $(CRASH_SEED)

.PHONY: crash-push
