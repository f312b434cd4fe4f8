"""Makes a Job whenever the schedule of a CronJob says so (k8s.io/kubernetes pkg/controller/cronjob).

A schedule without a time zone is in UTC, whatever zone this machine is in. A job's name is made of its minute, so that
no minute has two. :mod:`.times` says when, :mod:`.making` makes jobs, :mod:`.plan` decides: all of these are pure.
:mod:`.controller` fetches and acts.
"""
