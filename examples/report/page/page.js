"use strict";
(() => {
  const root = document.documentElement;
  const announcement = document.getElementById("announcement");
  const each = (selector, act, from = document) => from.querySelectorAll(selector).forEach(act);
  const say = (text) => {
    announcement.textContent = "";
    requestAnimationFrame(() => { announcement.textContent = text; });
  };

  // A page that is opened from a mail may not be allowed to remember anything.
  const remember = (value) => { try { localStorage.setItem("theme", value); } catch { /* it stays for this visit */ } };
  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.querySelector("[data-theme-toggle]");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const showTheme = () => toggle.setAttribute("aria-pressed", String(isDark()));
  if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();
  toggle.hidden = false;

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const falling = new Set(["count", "findings"]);
  each("[data-tools]", (tools) => {
    const list = document.getElementById(tools.dataset.tools);
    const rows = [...list.children].map((row) => ({ row, text: row.textContent.toLowerCase() }));
    const filter = tools.querySelector("[data-filter]");
    const choice = tools.querySelector("[data-choose]");
    const sort = tools.querySelector("[data-sort]");
    const shown = tools.querySelector("[data-shown]");
    const update = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const { row, text } of rows) {
        const chosen = !choice.value || row.dataset[choice.dataset.choose] === choice.value;
        row.hidden = !(chosen && words.every((word) => text.includes(word)));
        count += row.hidden ? 0 : 1;
      }
      shown.textContent = count === rows.length ? `${count} shown` : `${count} of ${rows.length} shown`;
    };
    const order = () => {
      const key = sort.value;
      const sign = falling.has(key) ? -1 : 1;
      rows.sort((one, other) => sign * collator.compare(one.row.dataset[key], other.row.dataset[key])
        || one.row.dataset.place - other.row.dataset.place);
      list.append(...rows.map(({ row }) => row));
    };
    filter.addEventListener("input", update);
    choice.addEventListener("change", update);
    sort.addEventListener("change", order);
    // Browsers restore what was typed before a reload.
    if (sort.selectedIndex > 0) order();
    update();
    tools.hidden = false;
  });

  // A row that a link leads to is shown, whatever the filter says.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) {
      target.hidden = false;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  };
  each("[data-copy]", (button) => {
    const box = button.parentElement;
    const copied = box.querySelector("[data-copied]");
    const label = button.firstChild;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = [...copied.children].map((item) => item.textContent).join("\n");
      if (await copy(text)) {
        label.textContent = "Copied";
        say("Copied");
      } else {
        getSelection().selectAllChildren(copied);
        label.textContent = "Selected";
        say("Selected, to be copied with the keyboard");
      }
      setTimeout(() => { label.textContent = "Copy"; }, 2000);
    });
  });

  // Paper cannot be clicked.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
})();
