// The page's clock, moved by shiftClock(seconds): a device whose time is set anew in mid-upload.
(() => {
  const RealDate = Date;
  let shift = 0;
  const now = () => RealDate.now() + shift;
  globalThis.shiftClock = (seconds) => { shift += seconds * 1000 };
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, made) => Reflect.construct(target, given.length ? given : [now()], made),
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
})();
