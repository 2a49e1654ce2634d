// Says what a batch is worth while it is typed. Without it the page that asks for confirmation says so.
(() => {
  const form = document.querySelector(".new-batch");
  const value = form.querySelector("[name=value]");
  const quantity = form.querySelector("[name=quantity]");
  const total = form.querySelector(".live-total");
  const MOST_CODES = 100000n;

  function digits(text) {
    return text.trim().replace(/[٠-٩۰-۹]/g, (digit) => digit.charCodeAt(0) & 15);
  }

  // In piastres, because pounds with a fraction do not multiply exactly.
  function piastres(text) {
    const found = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(digits(text));
    return found && BigInt(found[1]) * 100n + BigInt((found[2] ?? "").padEnd(2, "0"));
  }

  function showTotal() {
    const each = piastres(value.value);
    const codes = /^\d{1,6}$/.test(digits(quantity.value)) ? BigInt(digits(quantity.value)) : 0n;
    total.hidden = !each || codes < 1n || codes > MOST_CODES;
    if (total.hidden) return;
    const sum = each * codes;
    const pounds = (sum / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    total.querySelector(".number").textContent = `${pounds}.${(sum % 100n).toString().padStart(2, "0")}`;
  }

  form.addEventListener("input", showTotal);
  showTotal();
})();
