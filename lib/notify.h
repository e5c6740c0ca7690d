/* SPDX-License-Identifier: MIT */
/*
 * What a supervisor is told, without its library: sd_notify(3) over NOTIFY_SOCKET, and a newline on
 * a descriptor (s6).
 */
#ifndef OMNI_NOTIFY_H
#define OMNI_NOTIFY_H

/**
 * notify(text):
 * Send ${text} ("READY=1", "STOPPING=1", "RELOADING=1") to the socket in NOTIFY_SOCKET, if there is
 * one.  With RELOADING goes the time, as systemd asks for.
 */
void notify(const char *text);

/* Write a newline to ${fd} and close it. */
void notify_ready(int fd);

#endif
