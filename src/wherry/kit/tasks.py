"""What asyncio's task groups leave to their users."""


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The exception that ended a task group: the others came of it, or of its being ended."""
    first = group.exceptions[0]
    return first_cause(first) if isinstance(first, BaseExceptionGroup) else first
