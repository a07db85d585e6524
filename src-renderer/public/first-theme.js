// Runs before the first paint, so that a theme that differs from the system's appears without a flash of the other.
const chosen = localStorage.getItem('retrace.theme')
if (chosen === 'light' || chosen === 'dark') document.documentElement.style.colorScheme = chosen
