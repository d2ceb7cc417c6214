"""Work: items, their messages and timetable, the gate before every request, runs."""
