"""Text that tries to be something else than text."""

#: Markup and template syntax; wherever it is shown, nothing may come of it.
HOSTILE = "</script><script>document.title='hacked'</script><img src=x onerror=alert(1)>'\"{{1234*4321}}"
