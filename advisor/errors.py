"""One class per reaction: what the caller does differently decides the class, not where the error arose."""


class AdvisorError(Exception):
    """Base of every error that is the user's or the outside's, shown as one line. Anything else is a bug."""


class ConfigError(AdvisorError):
    """The configuration is wrong: refuse to start. The message names the file and the field."""


class PreflightError(AdvisorError):
    """The machine cannot run what was asked (port in use, too little memory, versions): start nothing."""


class UnsupportedModelError(AdvisorError):
    """A model that cannot be sized exactly: refuse to size it, never guess."""


class UnknownAcceleratorError(AdvisorError):
    """An accelerator outside the catalogue: refuse to size for it. The message lists the near names."""


class ObservationError(AdvisorError):
    """Nothing could be read from the metrics: hold, say so, try again at the next tick."""


class NotificationError(AdvisorError):
    """A webhook or Slack did not take a message: count it, keep it for the next tick, never stop the loop."""


class PriceSourceError(AdvisorError):
    """Prices could not be refreshed or kept: go on with the prices there are, whose age is shown."""


class JournalError(AdvisorError):
    """The journal cannot be read or written: advise only, apply nothing, until it can again."""
