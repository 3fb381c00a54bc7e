// Before anything is painted: the theme of Airflow's own pages.
(() => {
  const dark = () => {
    try {
      const theme = localStorage.getItem("theme");
      if (theme === "dark" || theme === "light") return theme === "dark";
    } catch { /* storage may be closed to us */ }
    return matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const follow = () => document.documentElement.classList.toggle("dark", dark());
  follow();
  addEventListener("storage", (event) => { if (event.key === "theme" || event.key === null) follow(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
  try {
    if (parent !== window) {
      new MutationObserver(follow).observe(parent.document.documentElement, { attributeFilter: ["class"] });
    }
  } catch { /* framed by another origin */ }
})();
