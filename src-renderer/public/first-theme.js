// Before anything is drawn: a theme that was chosen against the system's must not appear after a flash of the other.
const chosen = localStorage.getItem('retrace.theme')
if (chosen === 'light' || chosen === 'dark') document.documentElement.style.colorScheme = chosen
