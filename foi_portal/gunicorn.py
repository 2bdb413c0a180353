"""gunicorn's configuration: ``gunicorn -c python:foi_portal.gunicorn foi_portal.wsgi``.

gunicorn must stand behind a proxy that buffers (40 slow clients block it otherwise).
"""

import os

from foi_portal.environment import Environment

env = Environment()
bind = f"{env.text('HOST', '127.0.0.1')}:{env.number('PORT', 8000, least=1)}"
workers = env.number("WEB_CONCURRENCY", 2, least=1)
env.stop_if_wrong()
worker_class = "gthread"
threads = 4
timeout = 90
graceful_timeout = 65  # the longest request: statement_timeout is 60 s
max_requests = 2000
max_requests_jitter = 200
# The most there is: the address of an impact question may name a hundred assets and more.
limit_request_line = 8190
# Loaded before the fork: a wrong setting stops the start instead of making workers die in a loop.
preload_app = True
# Heartbeat files in memory, so that a slow disk does not look like a dead worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# Otherwise a control socket is opened in the home directory; the container restarts what fails.
control_socket_disable = True
accesslog = "-"
# Without the query string: searches may name people.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'
