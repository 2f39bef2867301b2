// What the dynamic linker costs before main.
int main() {
  return 0;
}
