// The theme takes the focus from its buttons when they are clicked, lest their hints stay: a
// keyboard would start again from the top, and a menu that closes could not give it back. Here the
// buttons keep the focus, and their hints follow the pointer only.
for (const button of document.querySelectorAll(
  ".primary-toggle, .secondary-toggle, .search-button, .theme-switch-button")) {
  button.dataset.bsTrigger = "hover";
  button.blur = () => {};
}

// A link within the page closes the menu that it stands in, and only then leads to its place: the
// button that gets the focus back would scroll the page.
for (const menu of document.querySelectorAll("dialog")) {
  menu.addEventListener("click", event => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    menu.addEventListener("close", () => location.assign(link.hash), { once: true });
    menu.close();
  });
}
