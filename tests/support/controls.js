() => {
// The controls of a page that can be seen: a number by which to find each, and what it is, whatever its item.
  const plain = (text) => (text || "").replace(/[?#].*/, "").replace(/amazon_[^/]+/, "…")
    .replace(/\/runs\/.+/, "/runs/…").replace(/\/reports\/.*\//, "/reports/…/");
  const kinds = ["a", "button", "summary", "select", "input", "textarea"];
  return [...document.querySelectorAll(kinds.map((one) => `header ${one}, main ${one}`).join())]
    .filter((one) => one.type !== "hidden" && one.checkVisibility() && !one.disabled && !one.ariaHidden)
    .map((one, number) => {
      one.dataset.control = number;
      const kind = one.tagName === "INPUT" ? one.type : one.tagName === "BUTTON" ? one.type : one.tagName.toLowerCase();
      const leads = one.getAttribute("href") || one.getAttribute("formaction") || one.form?.getAttribute("action");
      const chosen = ["BUTTON"].includes(one.tagName) || one.type === "radio" ? one.value : "";
      const shown = one.tagName === "SUMMARY" ? one.textContent.replace(/\d+/g, "") : "";
      return {number, kind, name: [kind, one.name, plain(leads), chosen, shown.trim()].join("|")};
    });
}
