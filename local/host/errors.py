"""What can go wrong before the host serves.

Exception
└── StartError      the process ends with code 1 and this one line
"""


class StartError(Exception):
    """The app can't be served as it is; the message is one line that says what to change."""
