// The theme takes the focus away from its buttons when they are clicked: a keyboard would have to
// start again from the top. Here a button pressed by keyboard keeps it, and one that opened a
// dialog gets it back when the dialog closes.
{
  let pressed = null;
  const restore = () => {
    if (document.activeElement === document.body) pressed?.focus();
  };
  document.addEventListener("click", event => {
    if (event.target.closest("dialog")) return;
    pressed = event.target.closest("button");
    if (event.detail === 0) setTimeout(restore); // no pointer was used
  }, true);
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("close", restore);
  }
}
